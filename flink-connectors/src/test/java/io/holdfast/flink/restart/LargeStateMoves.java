package io.holdfast.flink.restart;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.handoff.StateServer;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.core.execution.CheckpointType;
import org.apache.flink.runtime.execution.ExecutionState;

/** Moves of a {@link LargeStateJob} whose local state a server has. */
record LargeStateMoves(JobMoves moves, StateServer server) {

    /** Submits {@code job}; all of its state is in a checkpoint then. */
    static LargeStateMoves started(TestCluster cluster, LargeStateJob job, StateServer server) throws Exception {
        JobMoves moves = new JobMoves(cluster, cluster.submit(job.graph()));
        Waiting.until(() ->
                cluster.tasks(moves.job(), ExecutionState.RUNNING) == LargeStateJob.TASKS && LargeStateJob.isLoaded());
        cluster.miniCluster()
                .triggerCheckpoint(moves.job(), CheckpointType.CONFIGURED)
                .get();
        return new LargeStateMoves(moves, server);
    }

    /** Begins a move off a TaskManager with tasks. */
    String start() throws Exception {
        return moves.start(moves.used().get(0), server.offer());
    }

    /** The same; shows what became of it. */
    Map<String, Serializable> moved() throws Exception {
        return moves.ended(start());
    }

    /** What was fetched of the state of each keeper that was moved. */
    @SuppressWarnings("unchecked") // views are made of lists of maps with texts as keys
    static List<Long> fetched(Map<String, Serializable> move) {
        return ((List<Map<String, Serializable>>) move.get("subtasks"))
                .stream()
                        .filter(subtask -> ((String) subtask.get("vertexName")).contains(LargeStateJob.KEEPER))
                        .map(subtask -> (Long) subtask.get("handoffBytes"))
                        .toList();
    }

    /** The job ends, and each record was counted once. */
    void assertNothingWasLost() throws Exception {
        LargeStateJob.finish();
        Outcome outcome = moves.cluster().outcome(moves.job());
        assertThat(outcome.status()).isEqualTo(JobStatus.FINISHED);
        assertThat(LargeStateJob.missing()).isZero();
        assertThat(outcome.fallbacks()).isEmpty();
        assertThat(outcome.incidents()).isNotEmpty().allMatch(incident -> "move".equals(incident.get("kind")));
        assertThat(outcome.missing()).isZero();
        assertThat(outcome.allClosedAndExact()).as("%s", outcome.ledger()).isTrue();
    }
}
