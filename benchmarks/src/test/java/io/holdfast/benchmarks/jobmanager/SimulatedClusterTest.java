package io.holdfast.benchmarks.jobmanager;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** That the measured restarts are what they are said to be. */
@Timeout(120)
class SimulatedClusterTest {

    private static final LargeJob JOB = new LargeJob(4, 4, true);

    @Test
    void holdfastRestartsTheLostTasksAlone() throws Exception {
        try (SimulatedCluster cluster = new SimulatedCluster(new HoldfastSide(), JOB)) {
            cluster.checkpoint();

            SimulatedCluster.Cost task = cluster.failTask(1);
            SimulatedCluster.Cost taskManager = cluster.loseTaskManager(2);

            assertThat(task.lost()).isEqualTo(1);
            assertThat(task.submitted()).isEqualTo(1);
            assertThat(taskManager.lost()).isEqualTo(8);
            assertThat(taskManager.submitted()).isEqualTo(8);
            assertThat(task.restored().busyNanos()).isPositive();
            assertThat(task.settled().busyNanos())
                    .isGreaterThanOrEqualTo(task.restored().busyNanos());
        }
    }

    @Test
    void stockFlinkRestartsAllTasks() throws Exception {
        try (SimulatedCluster cluster = new SimulatedCluster(new Side.Stock(), JOB)) {
            cluster.checkpoint();

            SimulatedCluster.Cost task = cluster.failTask(1);
            SimulatedCluster.Cost taskManager = cluster.loseTaskManager(2);

            assertThat(task.lost()).isEqualTo(1);
            assertThat(task.submitted()).isEqualTo(JOB.subtasks());
            assertThat(taskManager.lost()).isEqualTo(8);
            assertThat(taskManager.submitted()).isEqualTo(JOB.subtasks());
        }
    }
}
