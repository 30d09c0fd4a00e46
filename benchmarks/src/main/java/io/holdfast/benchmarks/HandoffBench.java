package io.holdfast.benchmarks;

import io.holdfast.benchmarks.EvictedJob.Account;
import io.holdfast.benchmarks.EvictedJob.Eviction;
import io.holdfast.benchmarks.EvictedJob.Scale;
import io.holdfast.benchmarks.job.StatefulJob;
import io.holdfast.testing.FlinkProcess;
import io.holdfast.testing.FlinkProcessesBuilder;
import io.holdfast.testing.FreePort;
import io.holdfast.testing.Moves.Move;
import io.holdfast.testing.Moves.Subtask;
import io.holdfast.testing.hdfs.HdfsFixture;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;

/**
 * What it saves that tasks which move find their state on the disk of where they come to, for it was fetched from where they
 * were, beside the same moves with state read from the checkpoint storage.
 *
 * <p>The job of {@link MigrationBench} with 1 GB on each TaskManager, and checkpoints in a real HDFS: one NameNode and one
 * DataNode on this machine, which clients reach over sockets. Local recovery is on for all moves; they are of one job, in
 * turn with the handoff and without it. In both cases the sidecar of the TaskManager is asked, as by the hook of a pod.
 */
final class HandoffBench {

    private static final Scale SCALE = Scale.GIB_1;

    private final Installation installation;
    private final boolean quick;
    private final Path directory;
    private final Consumer<String> log;

    HandoffBench(Installation installation, boolean quick, Path directory, Consumer<String> log) {
        this.installation = installation;
        this.quick = quick;
        this.directory = directory;
        this.log = log;
    }

    /**
     * What was measured.
     *
     * @param figures by key, in order
     * @param raw what the figures are made of
     * @param moves all of them
     */
    record Result(Map<String, Object> figures, Map<String, Object> raw, Account account, List<Move> moves) {

        /** All by key, as of a benchmark that is nothing else. */
        Map<String, Object> alone() {
            Map<String, Object> all = new LinkedHashMap<>(figures);
            all.put("records_lost", account.verdict().lost());
            all.put("records_repeated", account.verdict().repeated());
            all.put("records_missing_in_state", account.missingInState());
            all.put("moves", moves.size());
            all.put(
                    "moves_handed_over",
                    moves.stream().filter(Move::isHandedOver).count());
            all.putAll(raw);
            return all;
        }
    }

    /** Moves of one kind. */
    private record Series(
            String name, boolean handoff, List<Eviction> evictions, List<Move> moves, List<Long> storageBytes) {

        Series(String name, boolean handoff) {
            this(name, handoff, new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        }

        private List<Long> each(ToLongFunction<Move> figure) {
            return moves.stream()
                    .filter(Move::isHandedOver)
                    .map(figure::applyAsLong)
                    .toList();
        }

        /** Of the task that took longest, from its deployment until it ran. */
        List<Long> restores() {
            return each(move -> move.subtasks().stream()
                    .mapToLong(task -> task.runningAt() - task.deployedAt())
                    .max()
                    .orElse(0));
        }

        List<Long> totals() {
            return each(move -> move.reachedAt(move.state()) - move.createdAt());
        }

        List<Long> handoffBytes() {
            return each(move ->
                    move.subtasks().stream().mapToLong(Subtask::handoffBytes).sum());
        }
    }

    Result run() throws IOException {
        int count = quick ? 2 : 6;
        log.accept("Holdfast, %s per TaskManager, checkpoints in HDFS: %d moves with handoff of state, %d without"
                .formatted(SCALE, count, count));
        Path place = directory.resolve("handoff");
        Result result;
        try (HdfsFixture hdfs = HdfsFixture.in(place.resolve("hdfs"))
                        .builtIn(installation.hdfs())
                        .start();
                EvictedJob job = start(hdfs, place)) {
            Series handoff = new Series("handoff", true);
            Series remote = new Series("remote", false);
            for (int i = 0; i < count; i++) {
                move(job, handoff, hdfs, place);
                move(job, remote, hdfs, place);
            }
            result = result(job, handoff, remote);
        }
        Directories.delete(place); // gigabytes
        return result;
    }

    private EvictedJob start(HdfsFixture hdfs, Path place) throws IOException {
        FlinkProcessesBuilder cluster = Engine.HOLDFAST
                .cluster(place, installation, hdfs.clientJars())
                .option("execution.checkpointing.local-backup.enabled", "true")
                .option("execution.state-recovery.from-local", "true");
        URI checkpoints = URI.create(hdfs.uri() + "/checkpoints");
        return EvictedJob.start(cluster, SCALE, List.of(StatefulJob.checkpoints(checkpoints)), place, log);
    }

    private void move(EvictedJob job, Series series, HdfsFixture hdfs, Path place) throws IOException {
        FlinkProcess leaving = job.any();
        Map<String, String> state = series.handoff()
                ? Map.of(
                        "HOLDFAST_MIGRATION_STATE_DIRECTORIES",
                        place.resolve(leaving.name()).resolve("tmp").toString(), // Flink's working directory is there
                        "HOLDFAST_MIGRATION_STATE_LISTEN",
                        "127.0.0.1:" + FreePort.any())
                : Map.of();
        try (MigrationSidecar sidecar = MigrationSidecar.start(
                installation, leaving, job.jobManager(), SCALE.deadline(), place.resolve("sidecars"), state)) {
            long before = hdfs.bytesRead();
            series.evictions().add(job.move(leaving, sidecar::drain, series.moves()));
            series.storageBytes().add(hdfs.bytesRead() - before);
        }
        log.accept("  %s: %s ms to restore, %s bytes fetched, %s bytes read from HDFS"
                .formatted(
                        series.name(),
                        last(series.restores()),
                        last(series.handoffBytes()),
                        last(series.storageBytes())));
    }

    private static Object last(List<Long> values) {
        return values.isEmpty() ? "no" : values.get(values.size() - 1);
    }

    private Result result(EvictedJob job, Series handoff, Series remote) throws IOException {
        Account account = job.account();
        Map<String, Object> figures = new LinkedHashMap<>();
        Map<String, Object> raw = new LinkedHashMap<>();
        figures.put(
                "local_handoff_restore_speedup",
                Figures.median(remote.restores()) / Figures.median(handoff.restores()));
        Silence silence = new Silence(job.output());
        for (Series series : List.of(handoff, remote)) {
            List<Long> gaps = new ArrayList<>();
            for (Eviction eviction : series.evictions()) {
                EvictedJob.longestSilence(silence, eviction, eviction.moved()).ifPresent(gaps::add);
            }
            put(figures, raw, series.name() + "_restore_ms", series.restores());
            put(figures, raw, series.name() + "_moved_gap_ms", gaps);
            put(figures, raw, series.name() + "_move_total_ms", series.totals());
            put(figures, raw, series.name() + "_storage_bytes", series.storageBytes());
            raw.put(
                    series.name() + "_move_views",
                    series.moves().stream().map(Move::json).toList());
        }
        put(figures, raw, "handoff_bytes", handoff.handoffBytes());
        List<Move> all = new ArrayList<>(handoff.moves());
        all.addAll(remote.moves());
        return new Result(figures, raw, account, all);
    }

    private static void put(Map<String, Object> figures, Map<String, Object> raw, String key, List<Long> values) {
        figures.put(key + "_p50", Figures.median(values));
        raw.put(key, values);
    }
}
