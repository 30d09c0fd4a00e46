package io.holdfast.flink.restart;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.restart.Incident.Cost;
import io.holdfast.flink.restart.Incident.HitTask;
import io.holdfast.flink.restart.Incident.Pair;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import org.apache.flink.runtime.jobgraph.IntermediateDataSetID;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;
import org.apache.flink.runtime.shuffle.BarrierPositions;
import org.apache.flink.runtime.shuffle.HoldfastReport.Attached;
import org.apache.flink.runtime.shuffle.HoldfastReport.Read;
import org.apache.flink.runtime.shuffle.StreamPosition;
import org.junit.jupiter.api.Test;

/** Worked cases: positions are chosen by hand, ten bytes to a record, and the ledger must come to the same numbers. */
class LossLedgerTest {

    private static final long NOW = 1_000;
    private static final ExecutionVertexID PRODUCER = new ExecutionVertexID(new JobVertexID(), 0);
    private static final ExecutionVertexID CONSUMER = new ExecutionVertexID(new JobVertexID(), 1);
    private static final IntermediateResultPartitionID PARTITION =
            new IntermediateResultPartitionID(new IntermediateDataSetID(), 0);
    private static final Pair PAIR = new Pair(PARTITION, CONSUMER);

    private final LossLedger ledger = new LossLedger(100);

    // ------------------------------------------------------------------ one end restarts

    @Test
    void restartedConsumerLosesWhatWasSentBetweenItsBarrierAndItsFirstRead() {
        ledger.completed(3);
        Incident incident = restart(CONSUMER, 1, 3);

        report(1, attached(0, 250, barrier(3, 100)));

        assertThat(incident.total()).isEqualTo(cost(150, 0));
        assertThat(incident.closed).isTrue();
    }

    @Test
    void consumerThatRestartsBeforeTheFirstCheckpointLosesEverythingSent() {
        Incident incident = restart(CONSUMER, 1, LossLedger.NO_CHECKPOINT);

        report(1, attached(0, 250));

        assertThat(incident.total()).isEqualTo(cost(250, 0));
        assertThat(incident.restored).isEmpty();
    }

    @Test
    void restartedProducerDeliversWhatItsLiveConsumerHadReadSinceTheBarrier() {
        ledger.completed(3);
        Incident incident = restart(PRODUCER, 1, 3);

        report(0, attached(1, 0, read(0, 0, 180, barrier(3, 100))));

        assertThat(incident.total()).isEqualTo(cost(0, 80));
    }

    @Test
    void restartedProducerLosesWhatItSentBeforeItsConsumerAttached() {
        ledger.completed(3);
        Incident incident = restart(PRODUCER, 1, 3);

        report(0, attached(1, 40, read(0, 0, 180, barrier(3, 100))));

        assertThat(incident.total()).isEqualTo(cost(40, 80));
    }

    @Test
    void producerThatRestartsBeforeTheFirstCheckpointDeliversEverythingRead() {
        Incident incident = restart(PRODUCER, 1, LossLedger.NO_CHECKPOINT);

        report(0, attached(1, 0, read(0, 0, 180)));

        assertThat(incident.total()).isEqualTo(cost(0, 180));
    }

    @Test
    void whatAConsumerAtItsEndDropsOfARestartedProducerIsLost() {
        ledger.completed(3);
        Incident incident = restart(PRODUCER, 1, 3);

        Attached first = attached(1, 0, read(0, 0, 180, barrier(3, 100)));
        report(0, first);
        report(0, first.dropping(at(80)));

        assertThat(incident.total()).isEqualTo(cost(80, 80));
    }

    @Test
    void streamThatWasOverBeforeTheCheckpointIsAllInTheStateOfARestartedConsumer() {
        ledger.completed(3);
        Incident incident = restart(CONSUMER, 1, 3);

        report(1, ended(attached(0, 250, barrier(2, 100))));

        assertThat(incident.total()).isEqualTo(Cost.NONE);
    }

    @Test
    void streamThatEndedAfterTheCheckpointIsLostFromTheBarrierToItsEnd() {
        ledger.completed(3);
        Incident incident = restart(CONSUMER, 1, 3);

        report(1, ended(attached(0, 250, barrier(3, 100))));

        assertThat(incident.total()).isEqualTo(cost(150, 0));
    }

    @Test
    void streamThatEndedBeforeTheFirstCheckpointIsLostAltogether() {
        Incident incident = restart(CONSUMER, 1, LossLedger.NO_CHECKPOINT);

        report(1, ended(attached(0, 250)));

        assertThat(incident.total()).isEqualTo(cost(250, 0));
    }

    @Test
    void streamOfAProducerThatBeganWithTheSameCheckpointAndHasEndedIsLostAltogether() {
        ledger.completed(3);
        restart(PRODUCER, 1, 3);
        Incident incident = restart(CONSUMER, 1, 3);

        report(1, ended(attached(1, 60)));

        assertThat(incident.total()).isEqualTo(cost(60, 0));
    }

    // ------------------------------------------------------------------ several restarts

    @Test
    void bothEndsThatRestartTogetherLoseOnlyWhatTheNewConsumerMissedOfTheNewProducer() {
        ledger.completed(3);
        Incident incident = ledger.open("task-manager", "gone", NOW);
        restart(incident, PRODUCER, 1, 3);
        restart(incident, CONSUMER, 1, 3);

        report(1, attached(1, 25));

        assertThat(incident.total()).isEqualTo(cost(25, 0));
    }

    @Test
    void consumerThatRestartsAfterItsProducerTakesOverThePairsCost() {
        ledger.completed(3);
        Incident first = restart(PRODUCER, 1, 3);
        report(0, attached(1, 40, read(0, 0, 180, barrier(3, 100))));
        Incident second = restart(CONSUMER, 1, 3);

        report(1, attached(1, 300)); // the new producer's own stream has no barrier 3

        assertThat(first.total())
                .as("the consumer went back behind what was delivered to it")
                .isEqualTo(Cost.NONE);
        assertThat(second.total()).isEqualTo(cost(300, 0));
        assertThat(ledger.total()).isEqualTo(cost(300, 0));
    }

    @Test
    void producerThatRestartsAfterItsConsumerTakesOverThePairsCost() {
        ledger.completed(3);
        Incident first = restart(CONSUMER, 1, 3);
        report(1, attached(0, 250, barrier(3, 100)));
        Incident second = restart(PRODUCER, 1, 3);

        report(1, attached(1, 0, read(0, 250, 70)));

        assertThat(first.total()).as("what was lost is sent again").isEqualTo(Cost.NONE);
        assertThat(second.total()).isEqualTo(cost(0, 70));
    }

    @Test
    void producerThatRestartsTwiceFromOneCheckpointHasDeliveredFromBothAttempts() {
        ledger.completed(3);
        Incident first = restart(PRODUCER, 1, 3);
        report(0, attached(1, 5, read(0, 0, 180, barrier(3, 100))));
        Incident second = restart(PRODUCER, 2, 3);

        report(0, attached(2, 0, read(0, 0, 180, barrier(3, 100)), read(1, 5, 30)));

        assertThat(first.total()).isEqualTo(Cost.NONE);
        assertThat(second.total()).isEqualTo(cost(0, 80 + 30));
    }

    @Test
    void restartAfterTheNextCheckpointAddsToWhatStands() {
        ledger.completed(3);
        Incident first = restart(CONSUMER, 1, 3);
        report(1, attached(0, 250, barrier(3, 100)));
        running(first);
        ledger.completed(4);
        Incident second = restart(CONSUMER, 2, 4);

        report(2, attached(0, 500, barrier(3, 100), barrier(4, 400)));

        assertThat(first.total()).isEqualTo(cost(150, 0));
        assertThat(second.total()).isEqualTo(cost(100, 0));
        assertThat(ledger.total()).isEqualTo(cost(250, 0));
    }

    @Test
    void reportAboutAnAttemptThatIsNotTheLatestBelongsToNoIncident() {
        ledger.completed(3);
        Incident incident = restart(CONSUMER, 2, 3);

        Incident booked = report(1, attached(0, 250, barrier(3, 100)));

        assertThat(booked).isNull();
        assertThat(incident.total()).isEqualTo(Cost.NONE);
        assertThat(incident.closed).isFalse();
    }

    // ------------------------------------------------------------------ reports repeat

    @Test
    void repeatedReportIsBookedOnce() {
        ledger.completed(3);
        Incident incident = restart(CONSUMER, 1, 3);
        Attached attached = attached(0, 250, barrier(3, 100));

        report(1, attached);
        report(1, attached);
        running(incident);
        ledger.completed(4);
        report(1, attached);

        assertThat(ledger.total()).isEqualTo(cost(150, 0));
    }

    @Test
    void repeatedReportOfALostConnectionIsBookedOnce() {
        ledger.completed(3);
        Attached attached = attached(0, 190, read(0, 0, 150, barrier(3, 100)));

        report(0, attached);
        report(0, attached);
        ledger.completed(4);
        report(0, attached);

        assertThat(ledger.incidentCount()).isEqualTo(1);
        assertThat(ledger.total()).isEqualTo(cost(40, 0));
    }

    @Test
    void laterWordOnTheSameAttachmentIsNotBookedTwiceAfterTheNextCheckpoint() {
        ledger.completed(3);
        Incident incident = restart(PRODUCER, 1, 3);
        Attached first = attached(1, 0, read(0, 0, 180, barrier(3, 100)));
        report(0, first);
        running(incident);
        ledger.completed(4);

        report(0, first.dropping(at(80)));

        assertThat(ledger.total()).isEqualTo(cost(80, 80));
    }

    // ------------------------------------------------------------------ connections

    @Test
    void connectionLostBetweenLiveTasksIsAnIncidentOfItsOwn() {
        ledger.completed(3);

        report(0, attached(0, 190, read(0, 0, 150, barrier(3, 100))));

        Incident incident = ledger.newestFirst().next();
        assertThat(incident.kind).isEqualTo("connection");
        assertThat(incident.closed).isTrue();
        assertThat(incident.total()).isEqualTo(cost(40, 0));
    }

    @Test
    void connectionLostWithNothingOnItIsNoIncident() {
        ledger.completed(3);

        Incident booked = report(0, attached(0, 150, read(0, 0, 150, barrier(3, 100))));

        assertThat(booked).isNull();
        assertThat(ledger.incidentCount()).isZero();
    }

    @Test
    void connectionsLostOneAfterAnotherAddUp() {
        ledger.completed(3);

        report(0, attached(0, 190, read(0, 0, 150)));
        report(0, attached(0, 207, read(0, 0, 150), read(0, 190, 10)));

        assertThat(ledger.total()).isEqualTo(cost(40 + 7, 0));
    }

    @Test
    void consumerThatRestartsTakesOverWhatALostConnectionCostSinceItsCheckpoint() {
        ledger.completed(3);
        report(0, attached(0, 190, read(0, 0, 150)));
        Incident restart = restart(CONSUMER, 1, 3);

        report(1, attached(0, 250, barrier(3, 100)));

        assertThat(restart.total()).isEqualTo(cost(150, 0));
        assertThat(ledger.total()).isEqualTo(cost(150, 0));
    }

    @Test
    void connectionLostAfterARestartAndTheNextCheckpointCountsOnlyItself() {
        ledger.completed(3);
        Incident restart = restart(PRODUCER, 1, 3);
        report(0, attached(1, 40, read(0, 0, 180, barrier(3, 100))));
        running(restart);
        ledger.completed(4);

        report(0, attached(1, 105, read(0, 0, 180, barrier(3, 100)), read(1, 40, 60)));

        assertThat(restart.total()).isEqualTo(cost(40, 80));
        assertThat(ledger.total()).isEqualTo(cost(40 + 5, 80));
    }

    @Test
    void reportAboutAnAttemptThatWasLostMeanwhileChangesNothing() {
        ledger.completed(3);
        Incident ofConsumer = restart(CONSUMER, 1, 3);
        report(1, attached(0, 250, barrier(3, 100)));
        ledger.completed(5);
        restart(PRODUCER, 1, 5);
        Incident ofProducer = restart(PRODUCER, 2, 5); // it was lost again before the consumer's report arrived

        Incident booked = report(1, attached(1, 0, read(0, 250, 70, barrier(5, 60))));
        Cost afterTheLateReport = ledger.total();
        report(1, attached(2, 0, read(0, 250, 70, barrier(5, 60)), read(1, 0, 0)));

        assertThat(booked).isNull();
        assertThat(afterTheLateReport).isEqualTo(cost(150, 0));
        assertThat(ofConsumer.total()).isEqualTo(cost(150, 0));
        assertThat(ofProducer.total()).isEqualTo(cost(0, 10));
    }

    // ------------------------------------------------------------------ checkpoints and fallbacks

    @Test
    void whatWasLostStaysLostWhenTheNextCheckpointCompletes() {
        ledger.completed(3);
        Incident incident = restart(CONSUMER, 1, 3);
        report(1, attached(0, 250, barrier(3, 100)));
        running(incident);

        ledger.completed(4);
        fallBack(ledger);

        assertThat(ledger.total()).isEqualTo(cost(150, 0));
    }

    @Test
    void fallbackTakesBackWhatTheRegionRestartReplays() {
        ledger.completed(3);
        Incident incident = restart(CONSUMER, 1, 3);
        report(1, attached(0, 250, barrier(3, 100)));

        fallBack(ledger);

        assertThat(ledger.total()).isEqualTo(Cost.NONE);
        assertThat(incident.costs).isEmpty();
        assertThat(ledger.fallbacks()).extracting(LedgerView.Fallback::reason).containsExactly("too many failures");
    }

    @Test
    void fallbackEndsWhatIsUnderWay() {
        ledger.completed(3);
        Incident incident = restart(CONSUMER, 1, 3);

        fallBack(ledger);
        Incident booked = report(1, attached(0, 250, barrier(3, 100)));

        assertThat(incident.closed).isTrue();
        assertThat(incident.outcome).isEqualTo("region-restart");
        assertThat(booked).as("an attempt of before the fallback").isNull();
        assertThat(ledger.total()).isEqualTo(Cost.NONE);
    }

    @Test
    void fallbackTakesBackWhatIsReplayedFromTheCheckpointTheJobBeganWith() {
        Incident incident = restart(CONSUMER, 1, 7); // restored from a savepoint; none has completed since
        report(1, attached(0, 250, barrier(7, 100)));

        fallBack(ledger);

        assertThat(incident.total()).isEqualTo(Cost.NONE);
    }

    @Test
    void fallbackOfAnotherRegionChangesNothing() {
        ledger.completed(3);
        Incident incident = restart(CONSUMER, 1, 3);
        ledger.await(incident, PAIR);

        ledger.restartTogether(vertex -> !vertex.equals(CONSUMER) && !vertex.equals(PRODUCER), NOW);
        Incident booked = report(1, attached(0, 250, barrier(3, 100)));
        running(incident);

        assertThat(booked).isSameAs(incident);
        assertThat(ledger.total()).isEqualTo(cost(150, 0));
        assertThat(incident.outcome).isEqualTo("restarted");
    }

    @Test
    void incidentThatHitSeveralRegionsGoesOnForThoseThatDoNotFallBack() {
        ledger.completed(3);
        Incident incident = restart(CONSUMER, 1, 3);
        HitTask elsewhere = task(new ExecutionVertexID(new JobVertexID(), 0));
        incident.tasks.add(elsewhere);

        ledger.restartTogether(elsewhere.vertex::equals, NOW);
        boolean closedAtOnce = incident.closed;
        report(1, attached(0, 250, barrier(3, 100)));
        running(incident);

        assertThat(closedAtOnce).isFalse();
        assertThat(incident.outcome).isEqualTo("restarted");
        assertThat(ledger.total()).isEqualTo(cost(150, 0));
    }

    @Test
    void restartAfterAFallbackIsCountedAfresh() {
        ledger.completed(3);
        restart(CONSUMER, 1, 3);
        report(1, attached(0, 250, barrier(3, 100)));
        fallBack(ledger);
        Incident next = restart(CONSUMER, 3, 3);

        report(3, attached(2, 60));

        assertThat(next.total()).isEqualTo(cost(60, 0));
        assertThat(ledger.total()).isEqualTo(cost(60, 0));
    }

    // ------------------------------------------------------------------ the life of an incident

    @Test
    void incidentClosesWhenItsTasksRunAndItsChannelsHaveReported() {
        ledger.completed(3);
        Incident incident = ledger.open("task", "told to fail", NOW);
        HitTask task = task(CONSUMER);
        incident.tasks.add(task);
        ledger.restarted(task, 1, OptionalLong.of(3), incident);
        ledger.await(incident, PAIR);

        ledger.running(incident, task, NOW + 5);
        boolean closedByRunning = incident.closed;
        report(1, attached(0, 250, barrier(3, 100)));

        assertThat(closedByRunning).isFalse();
        assertThat(incident.closed).isTrue();
        assertThat(incident.outcome).isEqualTo("restarted");
        assertThat(ledger.openCount()).isZero();
    }

    @Test
    void incidentOfATaskThatFailedAgainClosesWithoutIt() {
        Incident first = ledger.open("task", "told to fail", NOW);
        HitTask task = task(CONSUMER);
        first.tasks.add(task);

        ledger.failedAgain(first, task, NOW);

        assertThat(first.closed).isTrue();
    }

    @Test
    void endThatHasToBeMadeUpIsInexact() {
        ledger.completed(3);
        Incident incident = restart(CONSUMER, 1, 3);

        report(1, new Attached(PARTITION, 0, at(0), new BarrierPositions(), List.of(), at(0), true, true));

        assertThat(incident.exact).isFalse();
        assertThat(incident.inexactBecause).contains("finished producer");
    }

    @Test
    void barrierThatIsTooOldToBeRememberedIsInexact() {
        ledger.completed(3);
        Incident incident = restart(CONSUMER, 1, 3);
        BarrierPositions barriers = new BarrierPositions();
        for (long id = 3; id < 1_000; id++) {
            barriers.put(id, at(id));
        }

        report(1, new Attached(PARTITION, 0, at(2_000), barriers, List.of(), at(0), false, false));

        assertThat(incident.exact).isFalse();
        assertThat(incident.inexactBecause).contains("checkpoints failed in a row");
    }

    @Test
    void totalsCountIncidentsWhoseDetailsWereDropped() {
        LossLedger small = new LossLedger(1);
        small.completed(3);
        Incident first = small.open("task", "first", NOW);
        small.restarted(task(CONSUMER), 1, OptionalLong.of(3), first);
        small.attached(PAIR, 1, PRODUCER, attached(0, 250, barrier(3, 100)), NOW);

        small.open("task", "second", NOW);

        assertThat(small.total()).isEqualTo(cost(150, 0));
        assertThat(small.incidentCount()).isEqualTo(2);
        assertThat(small.newestFirst()).toIterable().hasSize(1);
    }

    @Test
    void totalsCountWhatIsReportedForAnIncidentWhoseDetailsWereDropped() {
        LossLedger small = new LossLedger(1);
        small.completed(3);
        Incident first = small.open("task", "first", NOW);
        small.restarted(task(CONSUMER), 1, OptionalLong.of(3), first);
        small.open("task", "second, of another subtask, before the first is reported", NOW);

        small.attached(PAIR, 1, PRODUCER, attached(0, 250, barrier(3, 100)), NOW);

        assertThat(small.total()).isEqualTo(cost(150, 0));
    }

    @Test
    void totalsTakeBackWhatWasBookedForAnIncidentWhoseDetailsWereDropped() {
        LossLedger small = new LossLedger(1);
        small.completed(3);
        Incident first = small.open("task", "first", NOW);
        small.restarted(task(CONSUMER), 1, OptionalLong.of(3), first);
        small.attached(PAIR, 1, PRODUCER, attached(0, 250, barrier(3, 100)), NOW);
        small.open("task", "second", NOW);

        fallBack(small);

        assertThat(small.total()).isEqualTo(Cost.NONE);
    }

    // ------------------------------------------------------------------ vocabulary

    private Incident restart(ExecutionVertexID vertex, int attempt, long restored) {
        Incident incident = ledger.open("task", "told to fail", NOW);
        restart(incident, vertex, attempt, restored);
        ledger.await(incident, PAIR);
        return incident;
    }

    private void restart(Incident incident, ExecutionVertexID vertex, int attempt, long restored) {
        HitTask task = task(vertex);
        task.runningAt = NOW; // what is awaited are the channels
        incident.tasks.add(task);
        ledger.restarted(
                task,
                attempt,
                restored == LossLedger.NO_CHECKPOINT ? OptionalLong.empty() : OptionalLong.of(restored),
                incident);
    }

    /** All that an incident waited for has happened. */
    private void running(Incident incident) {
        ledger.superseded(List.of(PAIR), NOW);
        assertThat(incident.closed).isTrue();
    }

    private static void fallBack(LossLedger of) {
        of.fellBack("too many failures", NOW);
        of.restartTogether(vertex -> true, NOW);
    }

    private Incident report(int consumerAttempt, Attached attached) {
        return ledger.attached(PAIR, consumerAttempt, PRODUCER, attached, NOW);
    }

    private static HitTask task(ExecutionVertexID vertex) {
        return new HitTask(vertex, "task", 0, "taskmanager-1", NOW);
    }

    /** Attached to {@code attempt} behind {@code start} records; {@code said} are barriers and earlier reads. */
    private static Attached attached(int attempt, long start, Object... said) {
        BarrierPositions barriers = new BarrierPositions();
        List<Read> earlier = new ArrayList<>();
        for (Object each : said) {
            if (each instanceof Barrier barrier) {
                barriers.put(barrier.id, at(barrier.records));
            } else {
                earlier.add((Read) each);
            }
        }
        return new Attached(PARTITION, attempt, at(start), barriers, earlier, at(0), false, false);
    }

    /** The same, but the producer's stream was over before. */
    private static Attached ended(Attached report) {
        return new Attached(
                report.partition(),
                report.attempt(),
                report.start(),
                report.barriers(),
                report.earlier(),
                report.dropped(),
                true,
                report.synthetic());
    }

    /** Read {@code records} of {@code attempt}, beginning behind its first {@code start}. */
    private static Read read(int attempt, long start, long records, Barrier... passed) {
        BarrierPositions barriers = new BarrierPositions();
        Arrays.stream(passed).forEach(barrier -> barriers.put(barrier.id, at(barrier.records)));
        return new Read(attempt, at(start), at(records), barriers, at(0));
    }

    private record Barrier(long id, long records) {}

    private static Barrier barrier(long id, long records) {
        return new Barrier(id, records);
    }

    private static StreamPosition at(long records) {
        return new StreamPosition(records, 10 * records);
    }

    private static Cost cost(long lost, long delivered) {
        return new Cost(at(lost), at(delivered));
    }
}
