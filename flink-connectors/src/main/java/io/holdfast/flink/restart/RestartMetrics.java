package io.holdfast.flink.restart;

import io.holdfast.flink.restart.Incident.Cost;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;

/**
 * Every meter of single-point restart, in the job's metric group under {@code holdfast}; {@code
 * docs/reference/metrics.md} describes them. Written by the JobMaster main thread, read by any. Happens-before: each is
 * volatile and stands for itself; no two must agree.
 */
final class RestartMetrics {

    private final Counter fallbacks;
    private volatile long restartedTasks;
    private volatile long waitingTasks;
    private volatile long incidents;
    private volatile long openIncidents;
    private volatile Cost total = Cost.NONE;
    private volatile long lastGapMs;

    RestartMetrics(MetricGroup job) {
        MetricGroup group = job.addGroup("holdfast");
        fallbacks = group.counter("regionFallbacks");
        group.gauge("restartedTasks", () -> restartedTasks);
        group.gauge("waitingTasks", () -> waitingTasks);
        group.gauge("incidents", () -> incidents);
        group.gauge("openIncidents", () -> openIncidents);
        group.gauge("lostRecords", () -> total.lost().records());
        group.gauge("lostBytes", () -> total.lost().bytes());
        group.gauge("deliveredRecords", () -> total.delivered().records());
        group.gauge("deliveredBytes", () -> total.delivered().bytes());
        group.gauge("lastTaskGapMs", () -> lastGapMs);
    }

    void publish(LossLedger ledger, int waiting) {
        restartedTasks = ledger.restartCount();
        waitingTasks = waiting;
        incidents = ledger.incidentCount();
        openIncidents = ledger.openCount();
        total = ledger.total();
    }

    void fellBack() {
        fallbacks.inc();
    }

    void restarted(long gapMs) {
        lastGapMs = gapMs;
    }
}
