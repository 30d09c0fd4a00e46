package io.holdfast.flink.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.executiongraph.ExecutionGraphID;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;
import org.apache.flink.runtime.shuffle.BarrierPositions;
import org.apache.flink.runtime.shuffle.HoldfastReport;
import org.apache.flink.runtime.shuffle.StreamPosition;
import org.junit.jupiter.api.Test;

class AttachmentReportTest {

    private static final StreamPosition SOMEWHERE = new StreamPosition(3, 60);

    private final IntermediateResultPartitionID partition = new IntermediateResultPartitionID();
    private int soon;

    @Test
    void jobWithoutRestartsReportsNothing() {
        AttachmentReport report = reportOf(0);

        attached(report, 0, StreamPosition.START);

        assertThat(report.take()).isEmpty();
        assertThat(soon).isZero();
    }

    @Test
    void restartedProducerIsReported() {
        AttachmentReport report = reportOf(0);

        attached(report, 1, StreamPosition.START);

        assertThat(soon).isEqualTo(1);
        assertThat(report.take()).hasValueSatisfying(told -> {
            assertThat(told.partition()).isEqualTo(partition);
            assertThat(told.attempt()).isEqualTo(1);
        });
    }

    @Test
    void restartedConsumerReportsEvenAProducerThatNeverFailed() {
        AttachmentReport report = reportOf(1);

        attached(report, 0, StreamPosition.START);

        assertThat(report.take()).isPresent();
    }

    @Test
    void firstAttemptsReportALinkThatWasRepaired() {
        AttachmentReport begunLater = reportOf(0);
        attached(begunLater, 0, SOMEWHERE);
        AttachmentReport readBefore = reportOf(0);
        readBefore.ended(read(0));
        attached(readBefore, 0, StreamPosition.START);

        assertThat(begunLater.take()).isPresent();
        assertThat(readBefore.take()).isPresent();
    }

    @Test
    void endThatWasMadeUpIsReported() {
        AttachmentReport report = reportOf(0);

        report.attached(0, StreamPosition.START, new BarrierPositions(), true, true);

        assertThat(report.take()).hasValueSatisfying(told -> {
            assertThat(told.ended()).isTrue();
            assertThat(told.synthetic()).isTrue();
        });
    }

    @Test
    void whatWasTakenIsToldOnceUnlessItDidNotArrive() {
        AttachmentReport report = reportOf(0);
        attached(report, 1, SOMEWHERE);
        HoldfastReport.Attached told = report.take().orElseThrow();

        assertThat(report.take()).isEmpty();
        report.again();

        assertThat(report.take()).containsSame(told);
    }

    @Test
    void attemptThatIsNamedAgainIsReportedAgain() {
        AttachmentReport report = reportOf(0);
        attached(report, 1, SOMEWHERE);
        report.take();
        soon = 0;

        report.repeat(2);
        assertThat(report.take()).as("another attempt").isEmpty();
        report.repeat(1);

        assertThat(soon).isEqualTo(1);
        assertThat(report.take()).isPresent();
    }

    @Test
    void attemptThatIsNamedAgainBeforeAnythingWasReadIsNotReported() {
        AttachmentReport report = reportOf(0);

        report.repeat(0);

        assertThat(report.take()).isEmpty();
        assertThat(soon).isZero();
    }

    @Test
    void whatWasDroppedIsAddedToTheReport() {
        AttachmentReport report = reportOf(0);
        attached(report, 1, StreamPosition.START);
        report.take();

        report.dropped(StreamPosition.START);
        assertThat(report.take()).as("nothing").isEmpty();
        report.dropped(SOMEWHERE);

        assertThat(report.take())
                .hasValueSatisfying(told -> assertThat(told.dropped()).isEqualTo(SOMEWHERE));
    }

    @Test
    void reportSpeaksOfTheLatestAttemptsOnly() {
        AttachmentReport report = reportOf(0);
        for (int attempt = 0; attempt < 20; attempt++) {
            report.ended(read(attempt));
        }

        attached(report, 20, StreamPosition.START);

        assertThat(report.take().orElseThrow().earlier())
                .extracting(HoldfastReport.Read::attempt)
                .hasSize(16)
                .startsWith(4)
                .endsWith(19);
    }

    private AttachmentReport reportOf(int attempt) {
        ExecutionAttemptID consumer =
                new ExecutionAttemptID(new ExecutionGraphID(), new ExecutionVertexID(new JobVertexID(), 0), attempt);
        return new AttachmentReport(partition, consumer, () -> soon++);
    }

    private static void attached(AttachmentReport report, int attempt, StreamPosition start) {
        report.attached(attempt, start, new BarrierPositions(), false, false);
    }

    private static HoldfastReport.Read read(int attempt) {
        return new HoldfastReport.Read(
                attempt, StreamPosition.START, SOMEWHERE, new BarrierPositions(), StreamPosition.START);
    }
}
