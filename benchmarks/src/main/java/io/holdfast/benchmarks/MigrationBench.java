package io.holdfast.benchmarks;

import io.holdfast.benchmarks.EvictedJob.Account;
import io.holdfast.benchmarks.EvictedJob.Eviction;
import io.holdfast.benchmarks.EvictedJob.Scale;
import io.holdfast.testing.Moves.Move;
import io.holdfast.testing.Moves.Subtask;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What the eviction of a TaskManager costs: on Holdfast, which moves its tasks before; on stock Flink, which restarts the
 * job when it has gone; and by stock Flink's best practice, which stops the job with a savepoint and starts it again.
 *
 * <p>The same job on both engines: three sources, three keyed tasks with state in RocksDB and three sinks, on three of four
 * TaskManagers with one slot each; 1,500 records a second. Each that goes is replaced, so the tasks always come to a JVM
 * that has just been started. A gap is the longest silence of the output of a keyed subtask, as the sinks saw it, from the
 * notice until all is as before. A savepoint's includes the start of the client that submits the job.
 *
 * <p>What the handoff of state saves when checkpoints are not on a local disk is {@link HandoffBench}'s part.
 */
final class MigrationBench {

    private static final String LARGE = "_1gb";

    private final Installation installation;
    private final boolean quick;
    private final Path directory;
    private final Consumer<String> log;
    private long lost;
    private long repeated;
    private long missingInState;
    private int asked;
    private int handedOver;

    MigrationBench(Installation installation, boolean quick, Path directory, Consumer<String> log) {
        this.installation = installation;
        this.quick = quick;
        this.directory = directory;
        this.log = log;
    }

    /** Gaps of subtasks, in milliseconds: of those whose TaskManager went, and the longest of the others each time. */
    private record Gaps(List<Long> moved, List<Long> others, List<Move> moves) {

        static Gaps none() {
            return new Gaps(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        }

        List<Long> totals() {
            return moves.stream()
                    .map(move -> move.reachedAt(move.state()) - move.createdAt())
                    .toList();
        }

        /** From one state of the moves to another. */
        List<Long> between(String from, String to) {
            return moves.stream()
                    .filter(move -> move.reachedAt(from) > 0 && move.reachedAt(to) > 0)
                    .map(move -> move.reachedAt(to) - move.reachedAt(from))
                    .toList();
        }

        /** The longest of the tasks of each move. */
        List<Long> longest(ToLongFunction<Subtask> millis) {
            return moves.stream()
                    .filter(Move::isHandedOver)
                    .map(move ->
                            move.subtasks().stream().mapToLong(millis).max().orElse(0))
                    .toList();
        }
    }

    /** All figures by key, in order. */
    Map<String, Object> run() throws IOException {
        Map<String, Object> small = new LinkedHashMap<>();
        Map<String, Object> large = new LinkedHashMap<>();
        Map<String, Object> raw = new LinkedHashMap<>();
        scale(Scale.MIB_10, quick ? 12 : 50, quick ? 3 : 10, quick ? 2 : 6, small, raw, "");
        scale(Scale.GIB_1, quick ? 3 : 10, quick ? 1 : 5, quick ? 1 : 4, large, raw, LARGE);
        HandoffBench.Result handoff = new HandoffBench(installation, quick, directory, log).run();
        count(handoff.account(), handoff.moves());
        Map<String, Object> figures = new LinkedHashMap<>(small);
        figures.put("records_lost", lost);
        figures.put("records_repeated", repeated);
        figures.put("records_missing_in_state", missingInState);
        figures.put("moves", asked);
        figures.put("moves_handed_over", handedOver);
        figures.putAll(large);
        figures.putAll(handoff.figures());
        figures.putAll(raw);
        figures.putAll(handoff.raw());
        return figures;
    }

    private void scale(
            Scale scale,
            int moves,
            int stops,
            int savepoints,
            Map<String, Object> figures,
            Map<String, Object> raw,
            String suffix)
            throws IOException {
        Gaps moved = moves(scale, moves);
        Gaps killed = stock(scale, "kill", stops, EvictedJob::stop);
        Gaps saved = stock(scale, "savepoint", savepoints, EvictedJob::savepoint);
        figures.put("moved_gap_ms_p50" + suffix, Figures.median(moved.moved));
        figures.put("moved_gap_ms_p99" + suffix, Figures.percentile(moved.moved, 99));
        figures.put("others_gap_ms_max" + suffix, Figures.max(moved.others));
        figures.put("move_total_ms_p50" + suffix, Figures.median(moved.totals()));
        figures.put("move_total_ms_p99" + suffix, Figures.percentile(moved.totals(), 99));
        figures.put("reserving_ms_p50" + suffix, Figures.median(moved.between("RESERVING", "ARMING")));
        figures.put("arming_ms_p50" + suffix, Figures.median(moved.between("ARMING", "CHECKPOINTING")));
        figures.put("checkpoint_ms_p50" + suffix, Figures.median(moved.between("CHECKPOINTING", "SWITCHING")));
        figures.put("switching_ms_p50" + suffix, Figures.median(moved.between("SWITCHING", "COMPLETED")));
        figures.put(
                "until_deployed_ms_p50" + suffix,
                Figures.median(moved.longest(task -> task.deployedAt() - task.stoppedAt())));
        figures.put(
                "until_running_ms_p50" + suffix,
                Figures.median(moved.longest(task -> task.runningAt() - task.deployedAt())));
        figures.put("stock_kill_gap_ms_p50" + suffix, Figures.median(killed.moved));
        figures.put("stock_kill_others_gap_ms_p50" + suffix, Figures.median(killed.others));
        figures.put("stock_savepoint_gap_ms_p50" + suffix, Figures.median(saved.moved));
        figures.put(
                "gap_reduction_vs_stock_kill" + suffix, 1 - Figures.median(moved.moved) / Figures.median(killed.moved));
        raw.put("moved_gaps_ms" + suffix, moved.moved);
        raw.put("others_gaps_ms" + suffix, moved.others);
        raw.put("move_totals_ms" + suffix, moved.totals());
        raw.put("move_views" + suffix, moved.moves.stream().map(Move::json).toList());
        raw.put("stock_kill_gaps_ms" + suffix, killed.moved);
        raw.put("stock_savepoint_gaps_ms" + suffix, saved.moved);
    }

    private Gaps moves(Scale scale, int count) throws IOException {
        log.accept("Holdfast, %s per TaskManager: %d moves".formatted(scale, count));
        Path place = directory.resolve("moves-" + scale.name());
        Gaps all;
        try (EvictedJob job = EvictedJob.start(Engine.HOLDFAST, scale, installation, place, log)) {
            List<Move> ended = new ArrayList<>();
            List<Eviction> evictions = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                evictions.add(job.move(ended));
            }
            count(job.account(), ended);
            Gaps gaps = gaps(job, evictions);
            gaps.moves.addAll(ended);
            all = gaps;
        }
        Directories.delete(place); // gigabytes
        return all;
    }

    private void count(Account account, List<Move> ended) {
        lost += account.verdict().lost();
        repeated += account.verdict().repeated();
        missingInState += account.missingInState();
        asked += ended.size();
        handedOver += (int) ended.stream().filter(Move::isHandedOver).count();
    }

    private interface Way {
        Eviction evict(EvictedJob job) throws IOException;
    }

    private Gaps stock(Scale scale, String name, int count, Way way) throws IOException {
        log.accept("stock Flink, %s per TaskManager: %d times %s".formatted(scale, count, name));
        Path place = directory.resolve(name + "-" + scale.name());
        Gaps all;
        try (EvictedJob job = EvictedJob.start(Engine.STOCK, scale, installation, place, log)) {
            List<Eviction> evictions = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                evictions.add(way.evict(job));
            }
            all = gaps(job, evictions);
        }
        Directories.delete(place);
        return all;
    }

    private static Gaps gaps(EvictedJob job, List<Eviction> evictions) {
        Silence silence = new Silence(job.output());
        Gaps gaps = Gaps.none();
        for (Eviction eviction : evictions) {
            Set<Integer> others =
                    IntStream.range(0, EvictedJob.PARALLELISM).boxed().collect(Collectors.toSet());
            others.removeAll(eviction.moved());
            EvictedJob.longestSilence(silence, eviction, new LinkedHashSet<>(eviction.moved()))
                    .ifPresent(gaps.moved::add);
            EvictedJob.longestSilence(silence, eviction, others).ifPresent(gaps.others::add);
        }
        return gaps;
    }
}
