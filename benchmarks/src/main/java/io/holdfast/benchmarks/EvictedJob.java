package io.holdfast.benchmarks;

import io.holdfast.benchmarks.job.Arrival;
import io.holdfast.benchmarks.job.ArrivalFiles;
import io.holdfast.benchmarks.job.JobSettings;
import io.holdfast.benchmarks.job.JobSettings.SinkKind;
import io.holdfast.benchmarks.job.NumbersJob;
import io.holdfast.benchmarks.job.RunDirectory;
import io.holdfast.benchmarks.job.StatefulJob;
import io.holdfast.testing.FlinkProcess;
import io.holdfast.testing.FlinkProcessesBuilder;
import io.holdfast.testing.FlinkRest;
import io.holdfast.testing.Moves;
import io.holdfast.testing.Moves.Move;
import io.holdfast.testing.RecordLedger;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * A job with state on a cluster whose TaskManagers are evicted one after the other. Each has one slot, there is one to
 * spare, and for each that has gone a new one starts.
 */
final class EvictedJob implements AutoCloseable {

    static final int PARALLELISM = 3;

    private static final int KEYS = 96;
    private static final int RECORDS_PER_SECOND = 1_500;
    private static final int MANAGED_MIB = 192;
    private static final Duration FILL = Duration.ofMinutes(6);
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final long SETTLE_MILLIS = 4_000;

    private final Scale scale;
    private final Path directory;
    private final Cluster cluster;
    private final Moves moves;
    private final Consumer<String> log;
    private final Random random = new Random(5);
    private final List<RunDirectory> runs = new ArrayList<>();
    private String jobId;

    /**
     * How much state.
     *
     * @param chunkKibibytes with {@code chunksPerKey} what is kept for each key
     * @param checkpointMillis from one checkpoint to the next
     * @param deadline of a move
     */
    enum Scale {
        MIB_10("10 MB", 64, 10L * PARALLELISM * 1_024 / KEYS / 64, 1_000, Duration.ofSeconds(10)),
        GIB_1("1 GB", 256, 1_024L * PARALLELISM * 1_024 / KEYS / 256, 5_000, Duration.ofSeconds(60));

        private final String label;
        private final int chunkKibibytes;
        private final int chunksPerKey;
        private final long checkpointMillis;
        private final Duration deadline;

        Scale(String label, int chunkKibibytes, long chunksPerKey, long checkpointMillis, Duration deadline) {
            this.label = label;
            this.chunkKibibytes = chunkKibibytes;
            this.chunksPerKey = (int) chunksPerKey;
            this.checkpointMillis = checkpointMillis;
            this.deadline = deadline;
        }

        Duration deadline() {
            return deadline;
        }

        private long recordsUntilFull() {
            return (long) chunksPerKey * KEYS;
        }

        @Override
        public String toString() {
            return label;
        }
    }

    /**
     * One TaskManager that has gone. Epoch milliseconds.
     *
     * @param moved subtasks of the map that were on it
     * @param at when it was known that it would go
     * @param until what comes later has nothing to do with it
     */
    record Eviction(Set<Integer> moved, long at, long until) {}

    /** Starts a cluster and a job on it, and returns when the job has all its state and has caught up. */
    static EvictedJob start(Engine engine, Scale scale, Installation installation, Path directory, Consumer<String> log)
            throws IOException {
        return start(engine.cluster(directory, installation), scale, List.of(), directory, log);
    }

    /** As above, on a cluster that is described already, and with more arguments of {@link StatefulJob}. */
    static EvictedJob start(
            FlinkProcessesBuilder described, Scale scale, List<String> arguments, Path directory, Consumer<String> log)
            throws IOException {
        Cluster cluster = Cluster.startWith(
                described.managedMemoryMiB(MANAGED_MIB).taskManagerMemoryMiB(640), PARALLELISM + 1, 1);
        EvictedJob job = new EvictedJob(scale, directory, cluster, log);
        try {
            job.submit(arguments);
            job.awaitFull();
            return job;
        } catch (IOException | RuntimeException e) {
            job.close();
            throw e;
        }
    }

    private EvictedJob(Scale scale, Path directory, Cluster cluster, Consumer<String> log) {
        this.scale = scale;
        this.directory = directory;
        this.cluster = cluster;
        this.moves = new Moves(cluster.rest());
        this.log = log;
    }

    private void submit(List<String> more) throws IOException {
        RunDirectory run = new RunDirectory(directory.resolve("run-" + runs.size()));
        run.create();
        runs.add(run);
        JobSettings settings = new JobSettings(
                run.path(),
                PARALLELISM,
                RECORDS_PER_SECOND,
                Long.MAX_VALUE,
                0,
                KEYS,
                SinkKind.FILE,
                false,
                scale.checkpointMillis,
                false);
        List<String> arguments =
                new ArrayList<>(StatefulJob.arguments(settings, scale.chunkKibibytes, scale.chunksPerKey));
        arguments.addAll(more);
        jobId = cluster.submit(StatefulJob.class, arguments).get(0);
        cluster.awaitRunning(jobId);
    }

    private void awaitFull() {
        Cluster.await("the state to be there", FILL, () -> arrived() > scale.recordsUntilFull() && hasCaughtUp());
        long completed = cluster.rest().checkpoints(jobId).completed();
        Cluster.await(
                "a checkpoint with all of the state",
                FILL,
                () -> cluster.rest().checkpoints(jobId).completed() > completed + 1);
        log.accept("  the state is there: checkpoints of "
                + cluster.rest()
                        .get("/jobs/" + jobId + "/checkpoints")
                        .path("latest")
                        .path("completed")
                        .path("state_size")
                        .asLong()
                + " bytes");
        settle();
    }

    URI jobManager() {
        return cluster.processes().restAddress();
    }

    private boolean hasCaughtUp() {
        long before = arrived();
        Cluster.sleep(2_000);
        return arrived() - before < 2.3 * RECORDS_PER_SECOND;
    }

    private long arrived() {
        return read(runs.get(runs.size() - 1)).counted().size();
    }

    private void settle() {
        Cluster.sleep(SETTLE_MILLIS);
    }

    // ------------------------------------------------------------------ evictions

    /** Holdfast moves the tasks, then the TaskManager ends. Empty if the deadline passed before. */
    Eviction move(List<Move> ended) {
        FlinkProcess leaving = any();
        return move(
                leaving,
                () -> moves.start(leaving.name(), scale.deadline, "eviction").id(),
                ended);
    }

    /**
     * As above.
     *
     * @param ask for the move, and return its id
     */
    Eviction move(FlinkProcess leaving, Supplier<String> ask, List<Move> ended) {
        Set<Integer> moved = mapsOn(leaving);
        long at = System.currentTimeMillis();
        Move move = moves.awaitEnd(ask.get(), PATIENCE);
        ended.add(move);
        log.accept("  moved off %s in %d ms: %s by %s %s"
                .formatted(
                        leaving.name(),
                        move.reachedAt(move.state()) - move.createdAt(),
                        move.state(),
                        move.step(),
                        move.detail()));
        settle();
        long until = System.currentTimeMillis();
        leaving.terminate();
        replace();
        return new Eviction(moved, at, until);
    }

    /** The TaskManager ends, as the kubelet ends it. */
    Eviction stop() {
        FlinkProcess leaving = any();
        Set<Integer> moved = mapsOn(leaving);
        long at = System.currentTimeMillis();
        leaving.terminate();
        Cluster.await("all tasks elsewhere", PATIENCE, () -> runsWithout(leaving));
        return gone(moved, at);
    }

    /** The job is stopped with a savepoint, the TaskManager ends, and the job is started again. */
    Eviction savepoint() throws IOException {
        FlinkProcess leaving = any();
        Set<Integer> moved = mapsOn(leaving);
        long at = System.currentTimeMillis();
        String savepoint = cluster.rest().stopNatively(jobId, directory.resolve("savepoints"));
        leaving.terminate();
        submit(List.of(NumbersJob.from(URI.create(savepoint))));
        return gone(moved, at);
    }

    private Eviction gone(Set<Integer> moved, long at) {
        Cluster.await("output as before", PATIENCE, this::hasCaughtUp);
        long until = System.currentTimeMillis();
        log.accept("  all run again after less than %d ms".formatted(until - at));
        replace();
        return new Eviction(moved, at, until);
    }

    private void replace() {
        Cluster.await(
                "the old TaskManager to end",
                PATIENCE,
                () -> cluster.processes().taskManagers().stream()
                                .filter(FlinkProcess::isAlive)
                                .count()
                        == PARALLELISM);
        cluster.refill();
        settle();
    }

    /** A TaskManager that has tasks. */
    FlinkProcess any() {
        List<String> used = cluster.rest().subtasks(jobId).stream()
                .map(FlinkRest.Subtask::taskManagerId)
                .distinct()
                .sorted()
                .toList();
        return cluster.processes().taskManager(used.get(random.nextInt(used.size())));
    }

    private Set<Integer> mapsOn(FlinkProcess taskManager) {
        return cluster.rest().subtasks(jobId, map()).stream()
                .filter(subtask -> subtask.taskManagerId().equals(taskManager.name()))
                .map(FlinkRest.Subtask::index)
                .collect(Collectors.toSet());
    }

    private String map() {
        return cluster.rest().job(jobId).vertices().stream()
                .filter(vertex -> vertex.name().startsWith(NumbersJob.MAP))
                .findFirst()
                .orElseThrow()
                .id();
    }

    private boolean runsWithout(FlinkProcess gone) {
        return cluster.rest().subtasks(jobId).stream()
                .allMatch(subtask -> subtask.status().equals("RUNNING")
                        && !subtask.taskManagerId().equals(gone.name()));
    }

    // ------------------------------------------------------------------ what it put out

    /** Everything that came to a sink, of whichever attempt and submission. */
    ArrivalFiles.Output output() {
        ArrivalFiles.Output all = new ArrivalFiles.Output(new ArrayList<>(), new ArrayList<>());
        for (RunDirectory run : runs) {
            ArrivalFiles.Output one = read(run);
            all.counted().addAll(one.counted());
            all.uncounted().addAll(one.uncounted());
        }
        return all;
    }

    /**
     * What became of the records.
     *
     * @param missingInState records that the keyed state has not counted, minus those that it has counted twice
     */
    record Account(RecordLedger.Verdict verdict, long missingInState) {}

    /** Has the sources fall silent and counts what has arrived of a job that was submitted once. */
    Account account() throws IOException {
        RunDirectory run = runs.get(0);
        run.pause(true);
        Cluster.await("silent sources", PATIENCE, () -> sent(run).size() == PARALLELISM);
        Map<Integer, Long> sent = sent(run);
        long all = sent.values().stream().mapToLong(Long::longValue).sum();
        long deadlineNanos = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        ArrivalFiles.Output output = read(run);
        while (output.counted().size() < all && System.nanoTime() < deadlineNanos) {
            Cluster.sleep(500);
            output = read(run);
        }
        RecordLedger ledger = new RecordLedger();
        sent.forEach(ledger::expect);
        Map<Integer, Long> counts = new HashMap<>();
        for (Arrival arrival : output.counted()) {
            ledger.arrived(new RecordLedger.Arrival(
                    arrival.split(),
                    arrival.sequence(),
                    arrival.key(),
                    arrival.sinkSubtask(),
                    arrival.sinkAttempt(),
                    arrival.atMillis()));
            counts.merge(arrival.key(), arrival.count(), Math::max);
        }
        long inState = counts.values().stream().mapToLong(Long::longValue).sum();
        Account account = new Account(ledger.verdict(), all - inState);
        log.accept("  %d records: %d lost, %d repeated, %d missing in the state"
                .formatted(
                        account.verdict.expected(),
                        account.verdict.lost(),
                        account.verdict.repeated(),
                        account.missingInState));
        return account;
    }

    /** Times from what a sink was given first to last by a subtask of the map, with nothing in between. */
    static OptionalLong longestSilence(Silence silence, Eviction eviction, Set<Integer> subtasks) {
        return subtasks.stream()
                .mapToLong(subtask -> silence.ofMap(subtask, eviction.at(), eviction.until()))
                .max();
    }

    @Override
    public void close() {
        cluster.close();
    }

    private static Map<Integer, Long> sent(RunDirectory run) {
        try {
            return run.sent();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ArrivalFiles.Output read(RunDirectory run) {
        try {
            return ArrivalFiles.read(run);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
