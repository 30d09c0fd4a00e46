package io.holdfast.flink.restart;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.restart.Incident.Cost;
import io.holdfast.flink.restart.Incident.HitTask;
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

/**
 * A ledger and the job it is about: one channel, whose ends restart and report. Attempts count from 0; positions are
 * numbers of records, ten bytes to each.
 */
final class OneChannelJob {

    static final long NOW = 1_000;
    static final ExecutionVertexID PRODUCER = new ExecutionVertexID(new JobVertexID(), 0);
    static final ExecutionVertexID CONSUMER = new ExecutionVertexID(new JobVertexID(), 1);

    private static final IntermediateResultPartitionID PARTITION =
            new IntermediateResultPartitionID(new IntermediateDataSetID(), 0);

    static final Pair PAIR = new Pair(PARTITION, CONSUMER);

    final LossLedger ledger;

    OneChannelJob() {
        this(100);
    }

    OneChannelJob(int keptIncidents) {
        ledger = new LossLedger(keptIncidents);
    }

    // ------------------------------------------------------------------ what happens

    void completed(long checkpoint) {
        ledger.completed(checkpoint);
    }

    /** {@code checkpoint} completes, and {@code vertex} restarts from it for the first time. */
    Incident restartFrom(long checkpoint, ExecutionVertexID vertex) {
        completed(checkpoint);
        return restart(vertex, 1, checkpoint);
    }

    /** The same, and the consumer begins to read behind {@code start}: what lies between is lost. */
    Incident consumerLosesFrom(Barrier barrier, long start) {
        Incident incident = restartFrom(barrier.checkpoint, CONSUMER);
        report(1, attached(0, start, barrier));
        return incident;
    }

    /** An incident of which all that is awaited is a report about the channel. */
    Incident restart(ExecutionVertexID vertex, int attempt, long restored) {
        Incident incident = ledger.open("task", "told to fail", NOW);
        restart(incident, vertex, attempt, restored);
        ledger.await(incident, PAIR);
        return incident;
    }

    void restart(Incident incident, ExecutionVertexID vertex, int attempt, long restored) {
        HitTask task = task(vertex);
        task.runningAt = NOW;
        incident.tasks.add(task);
        ledger.restarted(
                task,
                attempt,
                restored == LossLedger.NO_CHECKPOINT ? OptionalLong.empty() : OptionalLong.of(restored),
                incident);
    }

    /** The consumer's attempt reports; returns the incident that this belongs to. */
    Incident report(int consumerAttempt, Attached attached) {
        return ledger.attached(PAIR, consumerAttempt, PRODUCER, attached, NOW);
    }

    /** All that {@code incident} waited for has happened. */
    void allRun(Incident incident) {
        ledger.superseded(List.of(PAIR), NOW);
        assertThat(incident.closed).isTrue();
    }

    /** The whole job restarts as stock Flink does it. */
    void fallBack() {
        ledger.fellBack("too many failures", NOW);
        ledger.restartTogether(vertex -> true, NOW);
    }

    // ------------------------------------------------------------------ vocabulary

    static HitTask task(ExecutionVertexID vertex) {
        return new HitTask(vertex, "task", 0, "taskmanager-1", NOW);
    }

    /** Attached to {@code attempt} behind {@code start} records; {@code said} are barriers and earlier reads. */
    static Attached attached(int attempt, long start, Object... said) {
        BarrierPositions barriers = new BarrierPositions();
        List<Read> earlier = new ArrayList<>();
        for (Object each : said) {
            if (each instanceof Barrier barrier) {
                barriers.put(barrier.checkpoint, at(barrier.records));
            } else {
                earlier.add((Read) each);
            }
        }
        return new Attached(PARTITION, attempt, at(start), barriers, earlier, at(0), false, false);
    }

    /** The same, but the producer's stream was over before. */
    static Attached ended(Attached report) {
        return over(report, report.synthetic());
    }

    /** The same, but nobody knows any more where the stream was over. */
    static Attached madeUp(Attached report) {
        return over(report, true);
    }

    private static Attached over(Attached report, boolean synthetic) {
        return new Attached(
                report.partition(),
                report.attempt(),
                report.start(),
                report.barriers(),
                report.earlier(),
                report.dropped(),
                true,
                synthetic);
    }

    /** Read {@code records} of {@code attempt}, beginning behind its first {@code start}. */
    static Read read(int attempt, long start, long records, Barrier... passed) {
        BarrierPositions barriers = new BarrierPositions();
        Arrays.stream(passed).forEach(barrier -> barriers.put(barrier.checkpoint, at(barrier.records)));
        return new Read(attempt, at(start), at(records), barriers, at(0));
    }

    /** Where a checkpoint's barrier lies in a stream: behind {@code records}. */
    record Barrier(long checkpoint, long records) {}

    static Barrier barrier(long checkpoint, long records) {
        return new Barrier(checkpoint, records);
    }

    static StreamPosition at(long records) {
        return new StreamPosition(records, 10 * records);
    }

    static Cost cost(long lost, long delivered) {
        return new Cost(at(lost), at(delivered));
    }
}
