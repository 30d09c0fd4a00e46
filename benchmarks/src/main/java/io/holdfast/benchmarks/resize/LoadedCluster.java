package io.holdfast.benchmarks.resize;

import io.holdfast.benchmarks.job.Arrival;
import io.holdfast.benchmarks.job.ArrivalFiles;
import io.holdfast.benchmarks.job.JobSettings;
import io.holdfast.benchmarks.job.JobSettings.SinkKind;
import io.holdfast.benchmarks.job.LoadedJob;
import io.holdfast.benchmarks.job.NumbersJob;
import io.holdfast.benchmarks.job.RunDirectory;
import io.holdfast.testing.FlinkProcess;
import io.holdfast.testing.FlinkProcesses;
import io.holdfast.testing.FlinkProcessesBuilder;
import io.holdfast.testing.FlinkRest;
import io.holdfast.testing.RecordLedger;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** A cluster with one job on it whose need for memory can be raised and lowered while it runs. */
public final class LoadedCluster implements AutoCloseable {

    private static final int KEYS = 64;
    private static final int PAYLOAD_BYTES = 1_024;
    private static final int CHECKPOINT_MILLIS = 2_000;
    private static final Duration START = Duration.ofSeconds(60);
    private static final Duration LIVE = Duration.ofSeconds(60);
    private static final Duration DRAIN = Duration.ofSeconds(60);
    private static final String TOO_FEW_BUFFERS = "Insufficient number of network buffers";

    private final FlinkProcesses processes;
    private final RunDirectory run;
    private final JobSettings settings;
    private final String jobId;

    private LoadedCluster(FlinkProcesses processes, RunDirectory run, JobSettings settings, String jobId) {
        this.processes = processes;
        this.run = run;
        this.settings = settings;
        this.jobId = jobId;
    }

    /**
     * What the job does.
     *
     * @param parallelism of each of its vertices
     * @param recordsPerSecond of all sources together; 0 for as many as go through, which are counted and not noted
     * @param liveMiB that a subtask under load holds on the heap at first
     * @param garbageKiB that it allocates and drops with each record
     * @param directMiB of direct buffers that it holds
     */
    public record Work(int parallelism, int recordsPerSecond, int liveMiB, int garbageKiB, int directMiB) {}

    /** The output of some time. Epoch milliseconds. */
    public record Output(long expected, long arrived, long gapMillis) {

        public double ratio() {
            return (double) arrived / expected;
        }
    }

    /** What became of the records, and when each arrived, in order. */
    public record Judgement(RecordLedger.Verdict verdict, List<String> damages, long[] timesMillis) {

        /** What arrived from one time to another, of a job that sends {@code perSecond}. */
        public Output between(long fromMillis, long toMillis, int perSecond) {
            long arrived = 0;
            long gap = 0;
            long last = fromMillis;
            for (long time : timesMillis) {
                if (time >= fromMillis && time < toMillis) {
                    arrived++;
                    gap = Math.max(gap, time - last);
                    last = time;
                }
            }
            gap = Math.max(gap, toMillis - last);
            return new Output(Math.max(1, (toMillis - fromMillis) * perSecond / 1_000), arrived, gap);
        }
    }

    /** Starts what {@code builder} describes, and the job, and returns when all its tasks run. */
    public static LoadedCluster start(FlinkProcessesBuilder builder, Path directory, Work work) throws IOException {
        RunDirectory run = new RunDirectory(directory.resolve("run"));
        run.create();
        run.live(work.liveMiB);
        JobSettings settings = new JobSettings(
                run.path(),
                work.parallelism,
                work.recordsPerSecond,
                Long.MAX_VALUE,
                PAYLOAD_BYTES,
                KEYS,
                SinkKind.FILE,
                false,
                CHECKPOINT_MILLIS,
                false);
        FlinkProcesses processes = builder.start();
        try {
            List<String> arguments = new ArrayList<>(List.of(
                    processes.restAddress().getHost(),
                    Integer.toString(processes.restAddress().getPort())));
            arguments.addAll(
                    LoadedJob.arguments(settings, work.garbageKiB, work.directMiB, work.recordsPerSecond == 0));
            String jobId = processes
                    .run(LoadedJob.class.getName(), arguments)
                    .lines()
                    .filter(line -> line.startsWith(NumbersJob.JOB_ID))
                    .map(line -> line.substring(NumbersJob.JOB_ID.length()))
                    .findFirst()
                    .orElseThrow();
            LoadedCluster cluster = new LoadedCluster(processes, run, settings, jobId);
            cluster.awaitRunning();
            return cluster;
        } catch (RuntimeException e) {
            String tail = processes.tail(20);
            processes.close();
            throw new IllegalStateException(e.getMessage() + System.lineSeparator() + tail, e);
        }
    }

    public FlinkProcesses processes() {
        return processes;
    }

    /** The TaskManager whose memory is used: the one that started last of those that live. */
    public FlinkProcess loaded() {
        List<FlinkProcess> alive = new ArrayList<>(
                processes.taskManagers().stream().filter(FlinkProcess::isAlive).toList());
        Collections.reverse(alive);
        return alive.stream()
                .filter(process -> !process.name().equals("tm-2"))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("No TaskManager under load lives." + processes.tail(20)));
    }

    public void awaitRunning() {
        await("all tasks running", START, () -> {
            List<FlinkRest.Subtask> subtasks = processes.rest().subtasks(jobId);
            return !subtasks.isEmpty()
                    && subtasks.stream().allMatch(subtask -> subtask.status().equals("RUNNING"));
        });
    }

    /** Makes each subtask under load hold so much on the heap. */
    public void live(int mebibytes) {
        try {
            run.live(mebibytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until each subtask under load holds what {@link #live} asked for. */
    public void awaitLive() {
        await("the load to hold what it is asked to", LIVE, () -> {
            try {
                return run.holdsWhatIsWished();
            } catch (IOException e) {
                return false; // replaced meanwhile
            }
        });
    }

    /** Makes the sources send nothing, or go on. */
    public void pause(boolean paused) {
        try {
            run.pause(paused);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How many records have been counted by the sinks of a job without a rate. */
    public long counted() {
        try {
            return ArrivalFiles.counted(run);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How often tasks restarted, all together. */
    public long restarts() {
        return processes.rest().subtasks(jobId).stream()
                .mapToLong(FlinkRest.Subtask::attempt)
                .sum();
    }

    public String jobState() {
        return processes.rest().job(jobId).state();
    }

    /** Lines of all logs that say that there were too few network buffers. */
    public long tooFewBuffers() {
        List<FlinkProcess> all = new ArrayList<>(processes.taskManagers());
        all.add(processes.jobManager());
        return all.stream()
                .flatMap(process -> Stream.of(process.logFile(), process.outFile()))
                .mapToLong(LoadedCluster::tooFewBuffers)
                .sum();
    }

    /** Has the sources fall silent, waits until all that they sent has arrived or no more does, and judges it. */
    public Judgement finish() throws IOException {
        pause(true);
        await("all sources silent", DRAIN, () -> sent().size() == settings.splits());
        long sent = sent().values().stream().mapToLong(Long::longValue).sum();
        List<Arrival> arrivals = List.of();
        long deadlineNanos = System.nanoTime() + DRAIN.toNanos();
        while (arrivals.size() < sent && System.nanoTime() < deadlineNanos) {
            sleep(1_000);
            arrivals = ArrivalFiles.read(run).counted();
        }
        RecordLedger ledger = new RecordLedger();
        sent().forEach(ledger::expect);
        long[] times = new long[arrivals.size()];
        for (int i = 0; i < times.length; i++) {
            Arrival arrival = arrivals.get(i);
            times[i] = arrival.atMillis();
            ledger.arrived(new RecordLedger.Arrival(
                    arrival.split(),
                    arrival.sequence(),
                    arrival.key(),
                    arrival.sinkSubtask(),
                    arrival.sinkAttempt(),
                    arrival.atMillis()));
        }
        Arrays.sort(times);
        return new Judgement(ledger.verdict(), run.damages(), times);
    }

    @Override
    public void close() {
        processes.close();
    }

    private Map<Integer, Long> sent() {
        try {
            return run.sent();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long tooFewBuffers(Path file) {
        if (!Files.exists(file)) {
            return 0;
        }
        try (Stream<String> lines = Files.lines(file, StandardCharsets.ISO_8859_1)) { // a log may be cut anywhere
            return lines.filter(line -> line.contains(TOO_FEW_BUFFERS)).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns when {@code condition} holds; no answer of the cluster counts as "not yet". */
    static void await(String what, Duration timeout, BooleanSupplier condition) {
        if (!became(timeout, condition)) {
            throw new IllegalStateException("Waited %d s for %s.".formatted(timeout.toSeconds(), what));
        }
    }

    /** Whether {@code condition} held within that time. */
    static boolean became(Duration timeout, BooleanSupplier condition) {
        long deadlineNanos = System.nanoTime() + timeout.toNanos();
        while (true) {
            try {
                if (condition.getAsBoolean()) {
                    return true;
                }
            } catch (UncheckedIOException | FlinkRest.Refusal e) {
                // not yet
            }
            if (System.nanoTime() > deadlineNanos) {
                return false;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
    }

    static void sleep(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted.", e);
        }
    }
}
