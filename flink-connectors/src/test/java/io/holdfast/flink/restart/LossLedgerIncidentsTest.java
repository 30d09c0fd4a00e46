package io.holdfast.flink.restart;

import static io.holdfast.flink.restart.OneChannelJob.CONSUMER;
import static io.holdfast.flink.restart.OneChannelJob.NOW;
import static io.holdfast.flink.restart.OneChannelJob.PAIR;
import static io.holdfast.flink.restart.OneChannelJob.PRODUCER;
import static io.holdfast.flink.restart.OneChannelJob.attached;
import static io.holdfast.flink.restart.OneChannelJob.barrier;
import static io.holdfast.flink.restart.OneChannelJob.cost;
import static io.holdfast.flink.restart.OneChannelJob.madeUp;
import static io.holdfast.flink.restart.OneChannelJob.task;
import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.restart.Incident.Cost;
import io.holdfast.flink.restart.Incident.HitTask;
import java.util.OptionalLong;
import java.util.stream.LongStream;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;
import org.junit.jupiter.api.Test;

/** What stays in the books when checkpoints complete and regions restart, and how an incident ends. */
class LossLedgerIncidentsTest {

    private final OneChannelJob job = new OneChannelJob();

    // ------------------------------------------------------------------ checkpoints and fallbacks

    @Test
    void whatWasLostStaysLostWhenTheNextCheckpointCompletes() {
        Incident incident = job.consumerLosesFrom(barrier(3, 100), 250);
        job.allRun(incident);

        job.completed(4);
        job.fallBack();

        assertThat(job.ledger.total()).isEqualTo(cost(150, 0));
    }

    @Test
    void fallbackTakesBackWhatTheRegionRestartReplays() {
        Incident incident = job.consumerLosesFrom(barrier(3, 100), 250);

        job.fallBack();

        assertThat(job.ledger.total()).isEqualTo(Cost.NONE);
        assertThat(incident.costs).isEmpty();
        assertThat(job.ledger.fallbacks())
                .extracting(LedgerView.Fallback::reason)
                .containsExactly("too many failures");
    }

    @Test
    void fallbackEndsWhatIsUnderWay() {
        Incident incident = job.restartFrom(3, CONSUMER);

        job.fallBack();
        Incident booked = job.report(1, attached(0, 250, barrier(3, 100)));

        assertThat(incident.closed).isTrue();
        assertThat(incident.outcome).isEqualTo("region-restart");
        assertThat(booked).as("an attempt of before the fallback").isNull();
        assertThat(job.ledger.total()).isEqualTo(Cost.NONE);
    }

    @Test
    void fallbackTakesBackWhatIsReplayedFromTheCheckpointTheJobBeganWith() {
        Incident incident = job.restart(CONSUMER, 1, 7); // restored from a savepoint; none has completed since
        job.report(1, attached(0, 250, barrier(7, 100)));

        job.fallBack();

        assertThat(incident.total()).isEqualTo(Cost.NONE);
    }

    @Test
    void fallbackOfAnotherRegionChangesNothing() {
        Incident incident = job.restartFrom(3, CONSUMER);

        job.ledger.restartTogether(vertex -> !vertex.equals(CONSUMER) && !vertex.equals(PRODUCER), NOW);
        Incident booked = job.report(1, attached(0, 250, barrier(3, 100)));
        job.allRun(incident);

        assertThat(booked).isSameAs(incident);
        assertThat(job.ledger.total()).isEqualTo(cost(150, 0));
        assertThat(incident.outcome).isEqualTo("restarted");
    }

    @Test
    void incidentThatHitSeveralRegionsGoesOnForThoseThatDoNotFallBack() {
        Incident incident = job.restartFrom(3, CONSUMER);
        HitTask elsewhere = task(new ExecutionVertexID(new JobVertexID(), 0));
        incident.tasks.add(elsewhere);

        job.ledger.restartTogether(elsewhere.vertex::equals, NOW);
        boolean closedAtOnce = incident.closed;
        job.report(1, attached(0, 250, barrier(3, 100)));
        job.allRun(incident);

        assertThat(closedAtOnce).isFalse();
        assertThat(incident.outcome).isEqualTo("restarted");
        assertThat(job.ledger.total()).isEqualTo(cost(150, 0));
    }

    @Test
    void restartAfterAFallbackIsCountedAfresh() {
        job.consumerLosesFrom(barrier(3, 100), 250);
        job.fallBack();
        Incident next = job.restart(CONSUMER, 3, 3);

        job.report(3, attached(2, 60));

        assertThat(next.total()).isEqualTo(cost(60, 0));
        assertThat(job.ledger.total()).isEqualTo(cost(60, 0));
    }

    // ------------------------------------------------------------------ the life of an incident

    @Test
    void incidentClosesWhenItsTasksRunAndItsChannelsHaveReported() {
        job.completed(3);
        Incident incident = job.ledger.open("task", "told to fail", NOW);
        HitTask task = task(CONSUMER);
        incident.tasks.add(task);
        job.ledger.restarted(task, 1, OptionalLong.of(3), incident);
        job.ledger.await(incident, PAIR);

        job.ledger.running(incident, task, NOW + 5);
        boolean closedByRunning = incident.closed;
        job.report(1, attached(0, 250, barrier(3, 100)));

        assertThat(closedByRunning).isFalse();
        assertThat(incident.closed).isTrue();
        assertThat(incident.outcome).isEqualTo("restarted");
        assertThat(job.ledger.openCount()).isZero();
    }

    @Test
    void incidentOfATaskThatFailedAgainClosesWithoutIt() {
        Incident first = job.ledger.open("task", "told to fail", NOW);
        HitTask task = task(CONSUMER);
        first.tasks.add(task);

        job.ledger.failedAgain(first, task, NOW);

        assertThat(first.closed).isTrue();
    }

    @Test
    void endThatHasToBeMadeUpIsInexact() {
        Incident incident = job.restartFrom(3, CONSUMER);

        job.report(1, madeUp(attached(0, 0)));

        assertThat(incident.exact).isFalse();
        assertThat(incident.inexactBecause).contains("finished producer");
    }

    @Test
    void barrierThatIsTooOldToBeRememberedIsInexact() {
        Incident incident = job.restartFrom(3, CONSUMER);
        Object[] barriers =
                LongStream.range(3, 1_000).mapToObj(id -> barrier(id, id)).toArray();

        job.report(1, attached(0, 2_000, barriers));

        assertThat(incident.exact).isFalse();
        assertThat(incident.inexactBecause).contains("checkpoints failed in a row");
    }

    @Test
    void totalsCountIncidentsWhoseDetailsWereDropped() {
        OneChannelJob small = new OneChannelJob(1);
        small.consumerLosesFrom(barrier(3, 100), 250);

        small.ledger.open("task", "second", NOW);

        assertThat(small.ledger.total()).isEqualTo(cost(150, 0));
        assertThat(small.ledger.incidentCount()).isEqualTo(2);
        assertThat(small.ledger.newestFirst()).toIterable().hasSize(1);
    }

    @Test
    void totalsCountWhatIsReportedForAnIncidentWhoseDetailsWereDropped() {
        OneChannelJob small = new OneChannelJob(1);
        small.restartFrom(3, CONSUMER);
        small.ledger.open("task", "second, of another subtask, before the first is reported", NOW);

        small.report(1, attached(0, 250, barrier(3, 100)));

        assertThat(small.ledger.total()).isEqualTo(cost(150, 0));
    }

    @Test
    void totalsTakeBackWhatWasBookedForAnIncidentWhoseDetailsWereDropped() {
        OneChannelJob small = new OneChannelJob(1);
        small.consumerLosesFrom(barrier(3, 100), 250);
        small.ledger.open("task", "second", NOW);

        small.fallBack();

        assertThat(small.ledger.total()).isEqualTo(Cost.NONE);
    }
}
