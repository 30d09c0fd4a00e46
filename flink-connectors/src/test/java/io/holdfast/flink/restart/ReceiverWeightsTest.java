package io.holdfast.flink.restart;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.config.HoldfastOptions;
import io.holdfast.flink.restart.FaultPoint.Fault;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.executiongraph.AccessExecutionVertex;
import org.apache.flink.runtime.operators.coordination.CoordinationRequest;
import org.apache.flink.runtime.webmonitor.WeightRequest;
import org.apache.flink.runtime.webmonitor.WeightResponse;
import org.apache.flink.util.SerializedValue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A job in one JVM with two TaskManagers, one of which is told to get less. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ReceiverWeightsTest {

    private static final int SOME = 200;
    private static final long SILENCE_MS = 200;
    private static final int SILENCES = 3;

    @RegisterExtension
    final TestCluster cluster = new TestCluster();

    private final SequencedJob sequenced =
            new SequencedJob().records(10_000_000).slowNanos(1_000_000);
    private JobID job;

    @AfterEach
    void cancel() throws Exception {
        cluster.miniCluster().cancelJob(job).get();
        cluster.outcome(job);
    }

    @Test
    void tasksOfATaskManagerWithoutWeightGetNothingUntilItHasWeightAgain() throws Exception {
        start();
        ResourceID drained = taskManagerOf(3);
        List<Integer> there = receiversOn(drained);

        WeightResponse response = weight(drained, 0);
        assertGetNothing(there);
        long before = got(there);
        weight(drained, 1);
        Waiting.until(() -> got(there) > before + SOME);

        assertThat(there).isNotEmpty().hasSizeLessThan(SequencedJob.RECEIVERS);
        assertThat(response.receivers()).isEqualTo(there.size());
    }

    @Test
    void restartedProducersAreToldAgain() throws Exception {
        start();
        ResourceID drained = taskManagerOf(3);
        weight(drained, 0);

        FaultPoint.fail("source-0", Fault.RECORD);
        FaultPoint.fail("source-1", Fault.RECORD);
        Waiting.until(() -> FaultPoint.starts("source-0") == 2 && FaultPoint.starts("source-1") == 2);

        assertGetNothing(receiversOn(drained));
    }

    @Test
    void receiverThatRestartsOnADrainedTaskManagerStillGetsNothing() throws Exception {
        start();
        ResourceID drained = taskManagerOf(3);
        Waiting.until(() -> got(List.of(3)) > FaultPoint.A_FEW_CHECKPOINTS);

        FaultPoint.fail("receiver-3", Fault.RECORD); // at the next, or at one of those that are in flight
        weight(drained, 0);
        Waiting.until(() -> FaultPoint.starts("receiver-3") == 2);

        assertGetNothing(receiversOn(drained));
    }

    @Test
    void weightOfATaskManagerThatRunsNothingIsForNobodyYet() throws Exception {
        start();

        assertThat(weight(new ResourceID("elsewhere"), 0).receivers()).isZero();
    }

    @Test
    void weightMeansNothingWhereNobodyChooses() throws Exception {
        sequenced.configuration().set(HoldfastOptions.AUTO_PARTITION_ENABLED, false);
        start();

        WeightResponse response = weight(taskManagerOf(3), 0);

        assertThat(response.isMeaningless()).isTrue();
    }

    // ------------------------------------------------------------------ vocabulary

    private void start() throws Exception {
        job = cluster.submit(sequenced.graph());
        Waiting.until(() -> IntStream.range(0, SequencedJob.RECEIVERS)
                .allMatch(receiver -> !SequencedJob.got(receiver).isEmpty()));
    }

    private WeightResponse weight(ResourceID taskManager, double weight) throws Exception {
        SerializedValue<CoordinationRequest> request = new SerializedValue<>(new WeightRequest(taskManager, weight));
        return (WeightResponse) cluster.miniCluster()
                .deliverCoordinationRequestToCoordinator(job, WeightRequest.OPERATOR, request)
                .get();
    }

    /** What was in flight is consumed; then the others alone get something. */
    private static void assertGetNothing(List<Integer> receivers) throws InterruptedException {
        long was = got(receivers);
        for (int silences = 0; silences < SILENCES; ) {
            TimeUnit.MILLISECONDS.sleep(SILENCE_MS);
            silences = got(receivers) == was ? silences + 1 : 0;
            was = got(receivers);
        }
        List<Integer> others = IntStream.range(0, SequencedJob.RECEIVERS)
                .filter(receiver -> !receivers.contains(receiver))
                .boxed()
                .toList();
        long before = got(receivers);
        long othersBefore = got(others);
        Waiting.until(() -> got(others) > othersBefore + SOME);
        assertThat(got(receivers)).isEqualTo(before);
    }

    private static long got(List<Integer> receivers) {
        return receivers.stream()
                .mapToLong(receiver -> SequencedJob.got(receiver).size())
                .sum();
    }

    private ResourceID taskManagerOf(int receiver) {
        return receiver(receiver).getCurrentAssignedResourceLocation().getResourceID();
    }

    private List<Integer> receiversOn(ResourceID taskManager) {
        return IntStream.range(0, SequencedJob.RECEIVERS)
                .filter(receiver -> taskManagerOf(receiver).equals(taskManager))
                .boxed()
                .toList();
    }

    private AccessExecutionVertex receiver(int index) {
        for (AccessExecutionVertex vertex :
                cluster.miniCluster().getExecutionGraph(job).join().getAllExecutionVertices()) {
            if (vertex.getTaskNameWithSubtaskIndex().startsWith(SequencedJob.RECEIVER)
                    && vertex.getParallelSubtaskIndex() == index) {
                return vertex;
            }
        }
        throw new IllegalStateException("no receiver " + index);
    }
}
