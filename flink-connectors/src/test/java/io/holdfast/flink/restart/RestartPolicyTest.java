package io.holdfast.flink.restart;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;
import org.junit.jupiter.api.Test;

class RestartPolicyTest {

    private static final ExecutionVertexID SUBTASK = new ExecutionVertexID(new JobVertexID(), 4);
    private static final ExecutionVertexID SIBLING = new ExecutionVertexID(SUBTASK.getJobVertexId(), 5);

    @Test
    void failuresUpToTheLimitRestartTheSubtaskAlone() {
        RestartPolicy policy = new RestartPolicy(2, 60_000);

        assertThat(policy.failed(SUBTASK, 0)).isEmpty();
        assertThat(policy.failed(SUBTASK, 1)).isEmpty();
    }

    @Test
    void oneFailureMoreRestartsTheRegionAndSaysWhichOptionDecided() {
        RestartPolicy policy = new RestartPolicy(2, 60_000);
        policy.failed(SUBTASK, 0);
        policy.failed(SUBTASK, 1);

        assertThat(policy.failed(SUBTASK, 2))
                .contains("3 failures of subtask 4 within 60000 ms; holdfast.restart.max-failures is 2");
    }

    @Test
    void failuresOfSiblingsAreCountedApart() {
        RestartPolicy policy = new RestartPolicy(1, 60_000);
        policy.failed(SUBTASK, 0);

        assertThat(policy.failed(SIBLING, 1)).isEmpty();
    }

    @Test
    void failureIsForgottenWhenTheWindowHasPassed() {
        RestartPolicy policy = new RestartPolicy(1, 60_000);
        policy.failed(SUBTASK, 0);

        assertThat(policy.failed(SUBTASK, 60_000)).isEmpty();
    }

    @Test
    void failureJustInsideTheWindowCounts() {
        RestartPolicy policy = new RestartPolicy(1, 60_000);
        policy.failed(SUBTASK, 0);

        assertThat(policy.failed(SUBTASK, 59_999)).isPresent();
    }

    @Test
    void limitOfZeroNeverRestartsASubtaskAlone() {
        assertThat(new RestartPolicy(0, 60_000).failed(SUBTASK, 0)).isPresent();
    }
}
