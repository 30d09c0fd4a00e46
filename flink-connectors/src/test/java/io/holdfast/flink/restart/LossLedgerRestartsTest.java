package io.holdfast.flink.restart;

import static io.holdfast.flink.restart.OneChannelJob.CONSUMER;
import static io.holdfast.flink.restart.OneChannelJob.NOW;
import static io.holdfast.flink.restart.OneChannelJob.PRODUCER;
import static io.holdfast.flink.restart.OneChannelJob.at;
import static io.holdfast.flink.restart.OneChannelJob.attached;
import static io.holdfast.flink.restart.OneChannelJob.barrier;
import static io.holdfast.flink.restart.OneChannelJob.cost;
import static io.holdfast.flink.restart.OneChannelJob.ended;
import static io.holdfast.flink.restart.OneChannelJob.read;
import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.restart.Incident.Cost;
import org.apache.flink.runtime.shuffle.HoldfastReport.Attached;
import org.junit.jupiter.api.Test;

/** Worked cases: what restarts of either end cost, from positions that are chosen by hand. */
class LossLedgerRestartsTest {

    private final OneChannelJob job = new OneChannelJob();

    // ------------------------------------------------------------------ one end restarts

    @Test
    void restartedConsumerLosesWhatWasSentBetweenItsBarrierAndItsFirstRead() {
        Incident incident = job.restartFrom(3, CONSUMER);

        job.report(1, attached(0, 250, barrier(3, 100)));

        assertThat(incident.total()).isEqualTo(cost(150, 0));
        assertThat(incident.closed).isTrue();
    }

    @Test
    void consumerThatRestartsBeforeTheFirstCheckpointLosesEverythingSent() {
        Incident incident = job.restart(CONSUMER, 1, LossLedger.NO_CHECKPOINT);

        job.report(1, attached(0, 250));

        assertThat(incident.total()).isEqualTo(cost(250, 0));
        assertThat(incident.restored).isEmpty();
    }

    @Test
    void restartedProducerDeliversWhatItsLiveConsumerHadReadSinceTheBarrier() {
        Incident incident = job.restartFrom(3, PRODUCER);

        job.report(0, attached(1, 0, read(0, 0, 180, barrier(3, 100))));

        assertThat(incident.total()).isEqualTo(cost(0, 80));
    }

    @Test
    void restartedProducerLosesWhatItSentBeforeItsConsumerAttached() {
        Incident incident = job.restartFrom(3, PRODUCER);

        job.report(0, attached(1, 40, read(0, 0, 180, barrier(3, 100))));

        assertThat(incident.total()).isEqualTo(cost(40, 80));
    }

    @Test
    void producerThatRestartsBeforeTheFirstCheckpointDeliversEverythingRead() {
        Incident incident = job.restart(PRODUCER, 1, LossLedger.NO_CHECKPOINT);

        job.report(0, attached(1, 0, read(0, 0, 180)));

        assertThat(incident.total()).isEqualTo(cost(0, 180));
    }

    @Test
    void whatAConsumerAtItsEndDropsOfARestartedProducerIsLost() {
        Incident incident = job.restartFrom(3, PRODUCER);

        Attached first = attached(1, 0, read(0, 0, 180, barrier(3, 100)));
        job.report(0, first);
        job.report(0, first.dropping(at(80)));

        assertThat(incident.total()).isEqualTo(cost(80, 80));
    }

    @Test
    void streamThatWasOverBeforeTheCheckpointIsAllInTheStateOfARestartedConsumer() {
        Incident incident = job.restartFrom(3, CONSUMER);

        job.report(1, ended(attached(0, 250, barrier(2, 100))));

        assertThat(incident.total()).isEqualTo(Cost.NONE);
    }

    @Test
    void streamThatEndedAfterTheCheckpointIsLostFromTheBarrierToItsEnd() {
        Incident incident = job.restartFrom(3, CONSUMER);

        job.report(1, ended(attached(0, 250, barrier(3, 100))));

        assertThat(incident.total()).isEqualTo(cost(150, 0));
    }

    @Test
    void streamThatEndedBeforeTheFirstCheckpointIsLostAltogether() {
        Incident incident = job.restart(CONSUMER, 1, LossLedger.NO_CHECKPOINT);

        job.report(1, ended(attached(0, 250)));

        assertThat(incident.total()).isEqualTo(cost(250, 0));
    }

    @Test
    void streamOfAProducerThatBeganWithTheSameCheckpointAndHasEndedIsLostAltogether() {
        job.restartFrom(3, PRODUCER);
        Incident incident = job.restart(CONSUMER, 1, 3);

        job.report(1, ended(attached(1, 60)));

        assertThat(incident.total()).isEqualTo(cost(60, 0));
    }

    // ------------------------------------------------------------------ several restarts

    @Test
    void bothEndsThatRestartTogetherLoseOnlyWhatTheNewConsumerMissedOfTheNewProducer() {
        job.completed(3);
        Incident incident = job.ledger.open("task-manager", "gone", NOW);
        job.restart(incident, PRODUCER, 1, 3);
        job.restart(incident, CONSUMER, 1, 3);

        job.report(1, attached(1, 25));

        assertThat(incident.total()).isEqualTo(cost(25, 0));
    }

    @Test
    void consumerThatRestartsAfterItsProducerTakesOverThePairsCost() {
        Incident first = job.restartFrom(3, PRODUCER);
        job.report(0, attached(1, 40, read(0, 0, 180, barrier(3, 100))));
        Incident second = job.restart(CONSUMER, 1, 3);

        job.report(1, attached(1, 300)); // the new producer's own stream has no barrier 3

        assertThat(first.total())
                .as("the consumer went back behind what was delivered to it")
                .isEqualTo(Cost.NONE);
        assertThat(second.total()).isEqualTo(cost(300, 0));
        assertThat(job.ledger.total()).isEqualTo(cost(300, 0));
    }

    @Test
    void producerThatRestartsAfterItsConsumerTakesOverThePairsCost() {
        Incident first = job.consumerLosesFrom(barrier(3, 100), 250);
        Incident second = job.restart(PRODUCER, 1, 3);

        job.report(1, attached(1, 0, read(0, 250, 70)));

        assertThat(first.total()).as("what was lost is sent again").isEqualTo(Cost.NONE);
        assertThat(second.total()).isEqualTo(cost(0, 70));
    }

    @Test
    void producerThatRestartsTwiceFromOneCheckpointHasDeliveredFromBothAttempts() {
        Incident first = job.restartFrom(3, PRODUCER);
        job.report(0, attached(1, 5, read(0, 0, 180, barrier(3, 100))));
        Incident second = job.restart(PRODUCER, 2, 3);

        job.report(0, attached(2, 0, read(0, 0, 180, barrier(3, 100)), read(1, 5, 30)));

        assertThat(first.total()).isEqualTo(Cost.NONE);
        assertThat(second.total()).isEqualTo(cost(0, 80 + 30));
    }

    @Test
    void restartAfterTheNextCheckpointAddsToWhatStands() {
        Incident first = job.consumerLosesFrom(barrier(3, 100), 250);
        job.allRun(first);
        job.completed(4);
        Incident second = job.restart(CONSUMER, 2, 4);

        job.report(2, attached(0, 500, barrier(3, 100), barrier(4, 400)));

        assertThat(first.total()).isEqualTo(cost(150, 0));
        assertThat(second.total()).isEqualTo(cost(100, 0));
        assertThat(job.ledger.total()).isEqualTo(cost(250, 0));
    }

    @Test
    void reportAboutAnAttemptThatIsNotTheLatestBelongsToNoIncident() {
        job.completed(3);
        Incident incident = job.restart(CONSUMER, 2, 3);

        Incident booked = job.report(1, attached(0, 250, barrier(3, 100)));

        assertThat(booked).isNull();
        assertThat(incident.total()).isEqualTo(Cost.NONE);
        assertThat(incident.closed).isFalse();
    }
}
