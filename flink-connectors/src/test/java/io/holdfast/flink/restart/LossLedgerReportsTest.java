package io.holdfast.flink.restart;

import static io.holdfast.flink.restart.OneChannelJob.CONSUMER;
import static io.holdfast.flink.restart.OneChannelJob.PRODUCER;
import static io.holdfast.flink.restart.OneChannelJob.at;
import static io.holdfast.flink.restart.OneChannelJob.attached;
import static io.holdfast.flink.restart.OneChannelJob.barrier;
import static io.holdfast.flink.restart.OneChannelJob.cost;
import static io.holdfast.flink.restart.OneChannelJob.read;
import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.restart.Incident.Cost;
import org.apache.flink.runtime.shuffle.HoldfastReport.Attached;
import org.junit.jupiter.api.Test;

/** Worked cases: reports that repeat, and what connections cost that break between tasks that live on. */
class LossLedgerReportsTest {

    private final OneChannelJob job = new OneChannelJob();

    // ------------------------------------------------------------------ reports repeat

    @Test
    void repeatedReportIsBookedOnce() {
        Incident incident = job.restartFrom(3, CONSUMER);
        Attached attached = attached(0, 250, barrier(3, 100));

        job.report(1, attached);
        job.report(1, attached);
        job.allRun(incident);
        job.completed(4);
        job.report(1, attached);

        assertThat(job.ledger.total()).isEqualTo(cost(150, 0));
    }

    @Test
    void repeatedReportOfALostConnectionIsBookedOnce() {
        job.completed(3);
        Attached attached = attached(0, 190, read(0, 0, 150, barrier(3, 100)));

        job.report(0, attached);
        job.report(0, attached);
        job.completed(4);
        job.report(0, attached);

        assertThat(job.ledger.incidentCount()).isEqualTo(1);
        assertThat(job.ledger.total()).isEqualTo(cost(40, 0));
    }

    @Test
    void laterWordOnTheSameAttachmentIsNotBookedTwiceAfterTheNextCheckpoint() {
        Incident incident = job.restartFrom(3, PRODUCER);
        Attached first = attached(1, 0, read(0, 0, 180, barrier(3, 100)));
        job.report(0, first);
        job.allRun(incident);
        job.completed(4);

        job.report(0, first.dropping(at(80)));

        assertThat(job.ledger.total()).isEqualTo(cost(80, 80));
    }

    // ------------------------------------------------------------------ connections

    @Test
    void connectionLostBetweenLiveTasksIsAnIncidentOfItsOwn() {
        job.completed(3);

        job.report(0, attached(0, 190, read(0, 0, 150, barrier(3, 100))));

        Incident incident = job.ledger.newestFirst().next();
        assertThat(incident.kind).isEqualTo("connection");
        assertThat(incident.closed).isTrue();
        assertThat(incident.total()).isEqualTo(cost(40, 0));
    }

    @Test
    void connectionLostWithNothingOnItIsNoIncident() {
        job.completed(3);

        Incident booked = job.report(0, attached(0, 150, read(0, 0, 150, barrier(3, 100))));

        assertThat(booked).isNull();
        assertThat(job.ledger.incidentCount()).isZero();
    }

    @Test
    void connectionsLostOneAfterAnotherAddUp() {
        job.completed(3);

        job.report(0, attached(0, 190, read(0, 0, 150)));
        job.report(0, attached(0, 207, read(0, 0, 150), read(0, 190, 10)));

        assertThat(job.ledger.total()).isEqualTo(cost(40 + 7, 0));
    }

    @Test
    void consumerThatRestartsTakesOverWhatALostConnectionCostSinceItsCheckpoint() {
        job.completed(3);
        job.report(0, attached(0, 190, read(0, 0, 150)));
        Incident restart = job.restart(CONSUMER, 1, 3);

        job.report(1, attached(0, 250, barrier(3, 100)));

        assertThat(restart.total()).isEqualTo(cost(150, 0));
        assertThat(job.ledger.total()).isEqualTo(cost(150, 0));
    }

    @Test
    void connectionLostAfterARestartAndTheNextCheckpointCountsOnlyItself() {
        Incident restart = job.restartFrom(3, PRODUCER);
        job.report(0, attached(1, 40, read(0, 0, 180, barrier(3, 100))));
        job.allRun(restart);
        job.completed(4);

        job.report(0, attached(1, 105, read(0, 0, 180, barrier(3, 100)), read(1, 40, 60)));

        assertThat(restart.total()).isEqualTo(cost(40, 80));
        assertThat(job.ledger.total()).isEqualTo(cost(40 + 5, 80));
    }

    @Test
    void reportAboutAnAttemptThatWasLostMeanwhileChangesNothing() {
        Incident ofConsumer = job.consumerLosesFrom(barrier(3, 100), 250);
        job.completed(5);
        job.restart(PRODUCER, 1, 5);
        Incident ofProducer = job.restart(PRODUCER, 2, 5); // it was lost again before the consumer's report arrived

        Incident booked = job.report(1, attached(1, 0, read(0, 250, 70, barrier(5, 60))));
        Cost afterTheLateReport = job.ledger.total();
        job.report(1, attached(2, 0, read(0, 250, 70, barrier(5, 60)), read(1, 0, 0)));

        assertThat(booked).isNull();
        assertThat(afterTheLateReport).isEqualTo(cost(150, 0));
        assertThat(ofConsumer.total()).isEqualTo(cost(150, 0));
        assertThat(ofProducer.total()).isEqualTo(cost(0, 10));
    }
}
