package io.holdfast.flink.restart;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.apache.flink.runtime.jobgraph.IntermediateDataSetID;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;
import org.junit.jupiter.api.Test;

class AttachmentsTest {

    private static final long TIMEOUT_MS = 30_000;
    private static final long REPEAT_MS = Attachments.REPEAT_MS;
    private static final ExecutionVertexID PRODUCER = new ExecutionVertexID(new JobVertexID(), 0);
    private static final ExecutionVertexID CONSUMER = new ExecutionVertexID(new JobVertexID(), 0);
    private static final ExecutionVertexID SIBLING = new ExecutionVertexID(CONSUMER.getJobVertexId(), 1);
    private static final IntermediateResultPartitionID PARTITION =
            new IntermediateResultPartitionID(new IntermediateDataSetID(), 0);
    private static final Pair PAIR = new Pair(PARTITION, CONSUMER);
    private static final Pair SIBLINGS = new Pair(PARTITION, SIBLING);

    private final Attachments attachments = new Attachments(TIMEOUT_MS);

    @Test
    void channelIsDueUntilItHasAttachedToTheExpectedAttempt() {
        attachments.expect(PAIR, PRODUCER, 2, 0);

        attachments.attached(PAIR, 1);
        boolean emptyAfterOldAttempt = attachments.isEmpty();
        attachments.attached(PAIR, 2);

        assertThat(emptyAfterOldAttempt).isFalse();
        assertThat(attachments.isEmpty()).isTrue();
    }

    @Test
    void channelThatAttachedToALaterAttemptIsDone() {
        attachments.expect(PAIR, PRODUCER, 2, 0);

        attachments.attached(PAIR, 3);

        assertThat(attachments.isEmpty()).isTrue();
    }

    @Test
    void reportOfAChannelThatNobodyExpectsChangesNothing() {
        attachments.expect(PAIR, PRODUCER, 2, 0);

        attachments.attached(SIBLINGS, 2);

        assertThat(attachments.of(CONSUMER)).containsExactly(PAIR);
        assertThat(attachments.of(SIBLING)).isEmpty();
    }

    @Test
    void silentChannelIsToldAgainEverySoOften() {
        attachments.expect(PAIR, PRODUCER, 2, 0);

        assertThat(attachments.toRepeat(REPEAT_MS - 1, any -> true)).isEmpty();
        assertThat(attachments.toRepeat(REPEAT_MS, any -> true)).containsExactly(PAIR);
        assertThat(attachments.toRepeat(REPEAT_MS + 1, any -> true))
                .as("counts as told")
                .isEmpty();
        assertThat(attachments.toRepeat(2 * REPEAT_MS, any -> true)).containsExactly(PAIR);
    }

    @Test
    void channelOneEndOfWhichDoesNotRunIsNotToldAgain() {
        attachments.expect(PAIR, PRODUCER, 2, 0);

        assertThat(attachments.toRepeat(REPEAT_MS, Set.of(CONSUMER)::contains)).isEmpty();
        assertThat(attachments.toRepeat(REPEAT_MS, Set.of(PRODUCER)::contains)).isEmpty();
        assertThat(attachments.toRepeat(REPEAT_MS, Set.of(PRODUCER, CONSUMER)::contains))
                .containsExactly(PAIR);
    }

    @Test
    void channelIsTooLateWhenBothEndsHaveRunForTheTimeout() {
        attachments.expect(PAIR, PRODUCER, 2, 0);
        attachments.toRepeat(500, any -> true);

        assertThat(attachments.tooLate(500 + TIMEOUT_MS - 1)).isEmpty();
        assertThat(attachments.tooLate(500 + TIMEOUT_MS)).contains(PAIR);
    }

    @Test
    void timeInWhichAnEndDidNotRunIsForgiven() {
        attachments.expect(PAIR, PRODUCER, 2, 0);
        attachments.toRepeat(500, any -> true);
        attachments.toRepeat(TIMEOUT_MS, Set.of(CONSUMER)::contains);
        attachments.toRepeat(TIMEOUT_MS + 1, any -> true);

        assertThat(attachments.tooLate(2 * TIMEOUT_MS)).isEmpty();
        assertThat(attachments.tooLate(2 * TIMEOUT_MS + 1)).contains(PAIR);
    }

    @Test
    void channelIsNeverTooLateWhileItsEndsHaveNotRun() {
        attachments.expect(PAIR, PRODUCER, 2, 0);

        assertThat(attachments.tooLate(100 * TIMEOUT_MS)).isEmpty();
    }

    @Test
    void newExpectationBeginsAnew() {
        attachments.expect(PAIR, PRODUCER, 2, 0);
        attachments.toRepeat(0, any -> true);

        attachments.expect(PAIR, PRODUCER, 3, TIMEOUT_MS);
        attachments.attached(PAIR, 2);

        assertThat(attachments.isEmpty()).isFalse();
        assertThat(attachments.tooLate(TIMEOUT_MS)).isEmpty();
        assertThat(attachments.toRepeat(TIMEOUT_MS + REPEAT_MS - 1, any -> true))
                .isEmpty();
    }

    @Test
    void lossOfAConsumerDropsItsOwnChannelsOnly() {
        attachments.expect(PAIR, PRODUCER, 2, 0);
        attachments.expect(SIBLINGS, PRODUCER, 2, 0);

        assertThat(attachments.drop(CONSUMER)).containsExactly(PAIR);

        assertThat(attachments.of(SIBLING)).containsExactly(SIBLINGS);
    }

    @Test
    void lossOfAProducerDropsAllItsChannels() {
        attachments.expect(PAIR, PRODUCER, 2, 0);
        attachments.expect(SIBLINGS, PRODUCER, 2, 0);

        assertThat(attachments.drop(PRODUCER)).containsExactly(PAIR, SIBLINGS);

        assertThat(attachments.isEmpty()).isTrue();
    }

    @Test
    void finishedConsumerIsNotWaitedFor() {
        attachments.expect(PAIR, PRODUCER, 2, 0);

        attachments.remove(PAIR);

        assertThat(attachments.isEmpty()).isTrue();
    }
}
