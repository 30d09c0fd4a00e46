package io.holdfast.flink.restart;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.exchange.LocalTask;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.core.execution.CheckpointType;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.shuffle.HoldfastCommand.Freeze;
import org.apache.flink.runtime.shuffle.HoldfastCommand.Hold;
import org.apache.flink.runtime.shuffle.HoldfastCommand.Thaw;
import org.apache.flink.runtime.shuffle.HoldfastCommand.Unhold;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tasks of a whole job in one JVM are frozen behind a checkpoint, by the test, and thawed or cancelled. */
@Timeout(value = 90, unit = TimeUnit.SECONDS)
class MoveCommandsTest {

    private static final long SELDOM_MS = 3_600_000;
    private static final String GATE = "io.holdfast.flink.exchange.TaskExchange.beforeResuming";

    /** Small buffers, so that many are kept. */
    @RegisterExtension
    final TestCluster cluster =
            new TestCluster(new Configuration().set(TaskManagerOptions.MEMORY_SEGMENT_SIZE, MemorySize.parse("4kb")));

    private enum Stage {
        SOURCE,
        MAP,
        SINK
    }

    @Test
    void frozenTasksGoOnAsIfNothingHadBeen() throws Exception {
        NumbersJob numbers = new NumbersJob().records(30_000).paddingBytes(500).checkpointEveryMs(SELDOM_MS);
        JobID job = cluster.submit(numbers.graph());
        Waiting.until(() -> cluster.tasks(job, ExecutionState.RUNNING) == 9);
        checkpoint(job); // Flink 2.3 begins with one of its own: none may be under way
        List<Set<String>> moves = List.of(
                Set.of("MAP-1"),
                Set.of("SINK-2"),
                Set.of("SOURCE-0"),
                Set.of("SOURCE-1", "MAP-1", "SINK-1"),
                Set.of("MAP-0", "MAP-1", "MAP-2"));

        for (int i = 0; i < moves.size(); i++) {
            Plan plan = new Plan(job, moves.get(i));
            plan.freeze();
            long frozen = moves.get(i).stream()
                    .filter(name -> !name.startsWith("SOURCE"))
                    .count();
            Waiting.until(() -> threadsIn(GATE) == frozen);
            Waiting.until(() -> plan.holdsNothing() || logged() > 0); // others go on meanwhile
            if (i % 2 == 0) {
                plan.thaw();
                plan.unhold();
            } else {
                plan.unhold();
                plan.thaw();
            }
            Waiting.until(() -> threadsIn(GATE) == 0);
        }
        CompletableFuture<?> result = cluster.miniCluster().requestJobResult(job);
        while (!result.isDone()) { // to end, a task waits for a checkpoint; one that is too late is never answered
            cluster.miniCluster().triggerCheckpoint(job, CheckpointType.CONFIGURED);
            Waiting.pause();
        }
        Outcome outcome = cluster.outcome(job);

        assertThat(outcome.status()).isEqualTo(JobStatus.FINISHED);
        assertThat(numbers.missing()).isZero();
        assertThat(outcome.incidents()).isEmpty();
        assertThat(FaultPoint.restarted()).isEmpty();
    }

    /** Flink interrupts a task that is cancelled a first time at once, and again every 30 seconds. */
    @Test
    void frozenTasksAreCancelledAtOnce() throws Exception {
        NumbersJob numbers = new NumbersJob().records(1_000_000).checkpointEveryMs(SELDOM_MS);
        JobID job = cluster.submit(numbers.graph());
        Waiting.until(() -> cluster.tasks(job, ExecutionState.RUNNING) == 9);
        checkpoint(job); // Flink 2.3 begins with one of its own: none may be under way
        new Plan(
                        job,
                        Set.of(
                                "SOURCE-0",
                                "SOURCE-1",
                                "SOURCE-2",
                                "MAP-0",
                                "MAP-1",
                                "MAP-2",
                                "SINK-0",
                                "SINK-1",
                                "SINK-2"))
                .freeze();
        Waiting.until(() -> threadsIn(GATE) == 6);

        long before = System.nanoTime();
        cluster.miniCluster().cancelJob(job).get();
        cluster.miniCluster().requestJobResult(job).get();
        long tookMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - before);

        assertThat(cluster.miniCluster().getJobStatus(job).get()).isEqualTo(JobStatus.CANCELED);
        assertThat(tookMs).isLessThan(5_000);
    }

    /** What upstreams keep outside the network's buffers. */
    private long logged() {
        return cluster.metrics("memoryBytes", "inFlightLog").stream()
                .mapToLong(metric -> (long) ((Gauge<?>) metric).getValue())
                .sum();
    }

    private void checkpoint(JobID job) throws Exception {
        cluster.miniCluster().triggerCheckpoint(job, CheckpointType.CONFIGURED).get();
    }

    private static long threadsIn(String method) {
        return Thread.getAllStackTraces().values().stream()
                .filter(stack -> Arrays.stream(stack)
                        .anyMatch(frame -> (frame.getClassName() + "." + frame.getMethodName()).equals(method)))
                .count();
    }

    /** Who is to freeze, and what is to be held meanwhile. */
    private final class Plan {

        private final JobID job;
        private final List<LocalTask> victims = new ArrayList<>();

        /** By subpartition, which is the consumer's number: every task of a stage reads from every one before. */
        private final Map<IntermediateResultPartitionID, List<Integer>> held = new HashMap<>();

        private final Map<IntermediateResultPartitionID, LocalTask> producers = new HashMap<>();

        Plan(JobID job, Set<String> names) {
            this.job = job;
            Map<JobVertexID, Stage> stages = stages();
            Map<Stage, List<Integer>> frozen = new HashMap<>();
            for (LocalTask task : LocalTask.of(job)) {
                if (names.contains(stages.get(task.vertex()) + "-" + task.subtask())) {
                    victims.add(task);
                    frozen.computeIfAbsent(stages.get(task.vertex()), ignored -> new ArrayList<>())
                            .add(task.subtask());
                }
            }
            for (LocalTask task : LocalTask.of(job)) {
                Stage stage = stages.get(task.vertex());
                if (stage != Stage.SINK
                        && !victims.stream().anyMatch(victim -> victim.attempt().equals(task.attempt()))) {
                    Stage next = Stage.values()[stage.ordinal() + 1];
                    task.partitions().forEach(partition -> {
                        held.put(partition, frozen.getOrDefault(next, List.of()));
                        producers.put(partition, task);
                    });
                }
            }
            assertThat(victims).hasSameSizeAs(names);
        }

        private Map<JobVertexID, Stage> stages() {
            Map<JobVertexID, Stage> stages = new HashMap<>();
            for (var vertex :
                    cluster.miniCluster().getExecutionGraph(job).join().getVerticesTopologically()) {
                stages.put(vertex.getJobVertexId(), Stage.values()[stages.size()]);
            }
            assertThat(stages).hasSize(Stage.values().length);
            return stages;
        }

        /** Returns when the checkpoint is complete that they are frozen behind. */
        void freeze() throws Exception {
            long from = LocalTask.of(job).stream()
                            .mapToLong(LocalTask::lastBarrier)
                            .max()
                            .orElseThrow()
                    + 1;
            victims.forEach(victim -> victim.execute(new Freeze(victim.attempt(), from)));
            ofHeld((task, partition, subpartition) -> task.execute(new Hold(partition, subpartition, from)));
            assertThat(cluster.miniCluster()
                            .triggerCheckpoint(job, CheckpointType.CONFIGURED)
                            .get())
                    .isGreaterThanOrEqualTo(from);
        }

        boolean holdsNothing() {
            return held.values().stream().allMatch(List::isEmpty);
        }

        void thaw() {
            victims.forEach(victim -> victim.execute(new Thaw(victim.attempt())));
        }

        void unhold() {
            ofHeld((task, partition, subpartition) -> task.execute(new Unhold(partition, subpartition)));
        }

        private void ofHeld(Told told) {
            held.forEach((partition, subpartitions) -> subpartitions.forEach(
                    subpartition -> told.tell(producers.get(partition), partition, subpartition)));
        }
    }

    private interface Told {
        void tell(LocalTask producer, IntermediateResultPartitionID partition, int subpartition);
    }
}
