package io.holdfast.flink.restart;

import io.holdfast.flink.restart.Incident.Cost;
import io.holdfast.flink.restart.Incident.HitTask;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;
import org.apache.flink.runtime.shuffle.BarrierPositions;
import org.apache.flink.runtime.shuffle.HoldfastReport.Attached;
import org.apache.flink.runtime.shuffle.HoldfastReport.Read;
import org.apache.flink.runtime.shuffle.StreamPosition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts what single-point restarts cost, per incident and pair of subtasks, to the record.
 *
 * <p>The dead are not asked. Whoever restarts goes back to a checkpoint, and its living neighbours know where in their
 * streams that checkpoint's barrier lay. Between the barrier and the place where a restarted consumer began to read lies
 * what its state does not contain: <em>lost</em>. What a living consumer had read from a lost producer since the barrier
 * is kept although the producer does not know of it any more: <em>delivered</em>. A task that makes one record of one
 * record has therefore dropped lost − delivered; a source, which reads again what it had sent since the checkpoint, has
 * repeated what was delivered.
 *
 * <p>Until the next checkpoint completes, further failures go back to the same barrier, and what they cost takes the
 * place of what was counted for the same pair before; the earlier incident's share is then taken back. JobMaster main
 * thread only; no I/O.
 */
final class LossLedger {

    private static final Logger LOG = LoggerFactory.getLogger(LossLedger.class);

    /** Restore id of a task that began without a checkpoint. */
    static final long NO_CHECKPOINT = -1;

    /** Since when an attempt runs: which checkpoint it began with, and because of which incident. */
    private record Origin(int attempt, long restored, Incident incident) {}

    /** What makes a report a new one: gates repeat what they are not sure to have said. */
    private record Told(
            int consumerAttempt, int attempt, int attachments, StreamPosition start, StreamPosition dropped) {}

    /** What stands in the books for a pair, since which checkpoint, and to whose account. */
    private record Entry(long since, Cost cost, Incident incident) {}

    private final int kept;
    private final ArrayDeque<Incident> incidents = new ArrayDeque<>();
    /** Those of them that are not closed: few, where the others are as many as are kept. */
    private final Set<Incident> open = new LinkedHashSet<>();

    private final Map<ExecutionVertexID, Origin> origins = new HashMap<>();
    private final Map<Pair, Entry> entries = new HashMap<>();
    private final Map<Pair, Told> told = new HashMap<>();
    private final List<LedgerView.Fallback> fallbacks = new ArrayList<>();
    private Cost total = Cost.NONE;
    private long count;
    private long restarts;
    private long lastCompleted = NO_CHECKPOINT;

    LossLedger(int kept) {
        this.kept = kept;
    }

    // ------------------------------------------------------------------ what happens

    /** A new incident. {@code kind} is a bounded word: task, task-manager, move, connection, producer-gone. */
    Incident open(String kind, String cause, long nowMs) {
        Incident incident = new Incident(++count, kind, cause, nowMs);
        incidents.addLast(incident);
        open.add(incident);
        if (incidents.size() > kept) {
            open.remove(incidents.removeFirst());
        }
        return incident;
    }

    /** {@code task} restarts as {@code attempt} from checkpoint {@code restored}, because of {@code incident}. */
    void restarted(HitTask task, int attempt, OptionalLong restored, Incident incident) {
        restarts++;
        incident.restored = restored;
        origins.put(task.vertex, new Origin(attempt, restored.orElse(NO_CHECKPOINT), incident));
    }

    /** A report about {@code pair} is expected before {@code incident} can be closed. */
    void await(Incident incident, Pair pair) {
        if (!incident.closed) {
            incident.awaited.add(pair);
        }
    }

    /** Nothing more will be reported about {@code pairs}: they have been, or an end of them restarts again. */
    void superseded(Collection<Pair> pairs, long nowMs) {
        for (Incident incident : List.copyOf(open)) {
            boolean any = false;
            for (Pair pair : pairs) { // removeAll would search the list for each of the set
                any |= incident.awaited.remove(pair);
            }
            if (any) {
                closeIfDone(incident, nowMs);
            }
        }
    }

    /** {@code task} failed again before it ran. */
    void failedAgain(Incident incident, HitTask task, long nowMs) {
        task.failedAgain = true;
        closeIfDone(incident, nowMs);
    }

    /** {@code task} runs again. */
    void running(Incident incident, HitTask task, long nowMs) {
        task.runningAt = nowMs;
        closeIfDone(incident, nowMs);
    }

    /** A failure is answered as stock Flink does, for {@code reason}; {@link #restartTogether} says which tasks restart. */
    void fellBack(String reason, long nowMs) {
        fallbacks.add(new LedgerView.Fallback(nowMs, reason));
        if (fallbacks.size() > kept) {
            fallbacks.remove(0);
        }
        LOG.warn("Fell back to stock region restart: reason={}", reason);
    }

    /** {@code tasks}, one or more whole regions, go back to the checkpoint: nothing of theirs is lost that is not replayed. */
    void restartTogether(Predicate<ExecutionVertexID> tasks, long nowMs) {
        for (Incident incident : List.copyOf(open)) {
            incident.awaited.removeIf(pair -> tasks.test(pair.consumer()));
            boolean any = false;
            boolean all = true;
            for (HitTask task : incident.tasks) {
                boolean together = tasks.test(task.vertex);
                task.failedAgain |= together && task.runningAt == 0;
                any |= together;
                all &= together;
            }
            if (any && all) {
                close(incident, "region-restart", nowMs);
            } else if (any) {
                closeIfDone(incident, nowMs);
            }
        }
        entries.entrySet().removeIf(booked -> {
            boolean together =
                    tasks.test(booked.getKey().consumer()); // and so is the producer: it is in the same region
            if (together && booked.getValue().since >= lastCompleted) { // they go back behind it and read again
                takeBack(booked.getKey(), booked.getValue());
            }
            return together;
        });
        told.keySet().removeIf(pair -> tasks.test(pair.consumer()));
        origins.keySet().removeIf(tasks);
    }

    /** Checkpoint {@code id} has completed: what was lost before it stays lost. */
    void completed(long id) {
        lastCompleted = id;
    }

    /**
     * Books what a gate reports.
     *
     * @param consumerAttempt number of the reporting attempt
     * @param producer who produces the partition
     * @return the incident that the report belongs to, null if to none
     */
    Incident attached(Pair pair, int consumerAttempt, ExecutionVertexID producer, Attached report, long nowMs) {
        Told news =
                new Told(consumerAttempt, report.attempt(), report.earlier().size(), report.start(), report.dropped());
        if (news.equals(told.put(pair, news))) {
            return null;
        }
        Origin consumerOrigin = current(pair.consumer(), consumerAttempt);
        Origin producerOrigin = current(producer, report.attempt());
        Origin newest = later(consumerOrigin, producerOrigin);
        Read last = report.earlier().isEmpty()
                ? null
                : report.earlier().get(report.earlier().size() - 1);
        if (report.synthetic()) {
            return gone(pair, newest, nowMs);
        }
        boolean reconnected = last != null && last.attempt() == report.attempt();
        Origin running = origins.get(producer);
        if (last != null && !reconnected && running != null && report.attempt() < running.attempt) {
            return null; // this attempt of the producer was lost meanwhile; what it cost is in the report about the
            // next
        }
        if (reconnected && (newest == null || newest.restored < lastCompleted)) {
            return reconnected(pair, last, report, nowMs);
        }
        if (newest == null) {
            return null; // both are as the job or its last region restart started them
        }
        Incident incident = newest.incident;
        StreamPosition missed = report.start().minus(readOf(report.attempt(), report.earlier()));
        Cost cost = newest == consumerOrigin
                ? new Cost(
                        missed.minus(barrierOf(newest.restored, producerOrigin, report, incident)),
                        StreamPosition.START)
                : new Cost(
                        missed.plus(report.dropped()),
                        deliveredSince(newest.restored, report.attempt(), report.earlier(), incident));
        book(pair, new Entry(newest.restored, cost, incident));
        superseded(List.of(pair), nowMs); // other incidents may have waited for the same channel
        return incident;
    }

    /** A producer had finished, and its TaskManager was lost with what had not been read: nobody can count that. */
    private Incident gone(Pair pair, Origin newest, long nowMs) {
        Incident incident = newest == null
                ? open("producer-gone", "The TaskManager of a finished producer was lost before all was read", nowMs)
                : newest.incident;
        incident.inexact("a finished producer's output was gone before it was read");
        superseded(List.of(pair), nowMs);
        if (newest == null) {
            close(incident, "ended", nowMs);
        }
        return incident;
    }

    /** A link between two attempts that both live on broke, and what was on it is gone. */
    private Incident reconnected(Pair pair, Read last, Attached report, long nowMs) {
        StreamPosition missed =
                report.start().minus(last.start().plus(last.read()).plus(last.dropped()));
        if (missed.isZero()) {
            return null;
        }
        Incident incident = open("connection", "A connection between two live tasks was lost", nowMs);
        Entry before = entries.get(pair);
        Cost cost = new Cost(missed, StreamPosition.START);
        book(
                pair,
                new Entry(
                        lastCompleted,
                        before != null && before.since == lastCompleted ? before.cost.plus(cost) : cost,
                        incident));
        close(incident, "reconnected", nowMs);
        return incident;
    }

    /** Where the barrier of the checkpoint that the consumer began with lies in the stream of its producer's attempt. */
    private StreamPosition barrierOf(long restored, Origin producer, Attached report, Incident incident) {
        StreamPosition barrier = report.barriers().at(restored).orElse(null);
        if (barrier != null) {
            return barrier;
        }
        boolean startedWithIt = producer != null && producer.restored >= restored;
        if (report.ended() && !startedWithIt && restored <= lastCompleted && restored != NO_CHECKPOINT) {
            return report.start(); // the stream was over when the checkpoint was taken: all of it is in the state
        }
        if (report.barriers().forgot(restored)) {
            incident.inexact("more than " + report.barriers().asMap().size() + " checkpoints failed in a row");
        }
        return StreamPosition.START; // the producer began with it as well
    }

    /** What this consumer has read of one attempt of its producer already, over earlier attachments. */
    private static StreamPosition readOf(int attempt, List<Read> reads) {
        StreamPosition sum = StreamPosition.START;
        for (Read read : reads) {
            if (read.attempt() == attempt) {
                sum = sum.plus(read.read());
            }
        }
        return sum;
    }

    /** What this consumer has read since a barrier from attempts of its producer that came before {@code attempt}. */
    private static StreamPosition deliveredSince(long restored, int attempt, List<Read> reads, Incident incident) {
        StreamPosition delivered = StreamPosition.START;
        for (int i = reads.size() - 1; i >= 0; i--) { // backwards from the newest, up to the barrier
            Read read = reads.get(i);
            if (read.attempt() == attempt) {
                continue;
            }
            BarrierPositions barriers = read.barriers();
            StreamPosition barrier = barriers.at(restored).orElse(null);
            if (barrier != null) {
                return delivered.plus(read.read().minus(barrier));
            }
            if (barriers.forgot(restored)) {
                incident.inexact("more than " + barriers.asMap().size() + " checkpoints failed in a row");
            }
            delivered = delivered.plus(read.read());
        }
        return delivered; // the consumer itself began with this checkpoint, or there is none yet
    }

    private void book(Pair pair, Entry entry) {
        Entry before = entries.put(pair, entry);
        if (before != null && before.since == entry.since) {
            takeBack(pair, before);
        }
        total = total.plus(entry.cost);
        if (!entry.cost.isNone()) {
            entry.incident.costs.merge(pair, entry.cost, Cost::plus);
        }
    }

    private void takeBack(Pair pair, Entry entry) {
        total = total.minus(entry.cost);
        entry.incident.costs.computeIfPresent(pair, (ignored, cost) -> {
            Cost left = cost.minus(entry.cost);
            return left.isNone() ? null : left;
        });
    }

    private Origin current(ExecutionVertexID vertex, int attempt) {
        Origin origin = origins.get(vertex);
        return origin != null && origin.attempt == attempt ? origin : null;
    }

    private static Origin later(Origin one, Origin other) {
        if (one == null || other == null) {
            return one == null ? other : one;
        }
        return one.incident.id >= other.incident.id ? one : other;
    }

    private void closeIfDone(Incident incident, long nowMs) {
        if (!incident.closed && incident.awaited.isEmpty() && incident.allRunning()) {
            close(incident, "restarted", nowMs);
        }
    }

    private void close(Incident incident, String outcome, long nowMs) {
        incident.closed = true;
        open.remove(incident);
        incident.outcome = outcome;
        Cost total = incident.total();
        LOG.info(
                "Incident closed: incident={} kind={} outcome={} tasks={} tookMs={} restoredCheckpoint={} lostRecords={}"
                        + " lostBytes={} deliveredRecords={} deliveredBytes={} exact={} cause={}",
                incident.id,
                incident.kind,
                outcome,
                incident.tasks.size(),
                nowMs - incident.at,
                incident.restored.isPresent() ? incident.restored.getAsLong() : "none",
                total.lost().records(),
                total.lost().bytes(),
                total.delivered().records(),
                total.delivered().bytes(),
                incident.exact,
                incident.cause);
    }

    // ------------------------------------------------------------------ what can be read

    /** Everything booked so far, incidents that details were dropped of included. */
    Cost total() {
        return total;
    }

    long incidentCount() {
        return count;
    }

    long openCount() {
        return open.size();
    }

    long restartCount() {
        return restarts;
    }

    List<LedgerView.Fallback> fallbacks() {
        return fallbacks;
    }

    Iterator<Incident> newestFirst() {
        return incidents.descendingIterator();
    }
}
