package io.holdfast.flink.restart;

import io.holdfast.flink.restart.Incident.Cost;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;

/**
 * A ledger as REST shows it: maps, lists and plain values, which Flink's RPC carries without knowing our classes. The
 * format is described in {@code docs/reference/formats.md}. Pure.
 */
public final class LedgerView {

    /** Names of what a ledger speaks of. JobMaster main thread. */
    interface Names {
        String vertex(ExecutionVertexID id);

        ExecutionVertexID producer(IntermediateResultPartitionID partition);
    }

    /** The job went back to stock region restart. {@code at} is in epoch milliseconds. */
    record Fallback(long at, String reason) {}

    private LedgerView() {}

    /** JobMaster main thread. */
    static LinkedHashMap<String, Serializable> of(LossLedger ledger, Names names) {
        ArrayList<Serializable> incidents = new ArrayList<>();
        for (Iterator<Incident> each = ledger.newestFirst(); each.hasNext(); ) {
            incidents.add(incident(each.next(), names));
        }
        LinkedHashMap<String, Serializable> view = new LinkedHashMap<>();
        view.put("managed", true);
        view.put("totals", totals(ledger.incidentCount(), ledger.restartCount(), ledger.total()));
        view.put("incidents", incidents);
        view.put("fallbacks", fallbacks(ledger.fallbacks()));
        return view;
    }

    /** Any thread. A job that runs under stock Flink's scheduler. */
    static LinkedHashMap<String, Serializable> unmanaged(String reason, long nowMs) {
        LinkedHashMap<String, Serializable> view = new LinkedHashMap<>();
        view.put("managed", false);
        view.put("totals", totals(0, 0, Cost.NONE));
        view.put("incidents", new ArrayList<>());
        view.put("fallbacks", fallbacks(List.of(new Fallback(nowMs, reason))));
        return view;
    }

    private static LinkedHashMap<String, Serializable> totals(long incidents, long restarts, Cost cost) {
        LinkedHashMap<String, Serializable> totals = new LinkedHashMap<>();
        totals.put("incidents", incidents);
        totals.put("restartedTasks", restarts);
        put(totals, cost);
        return totals;
    }

    private static LinkedHashMap<String, Serializable> incident(Incident incident, Names names) {
        LinkedHashMap<String, Serializable> view = new LinkedHashMap<>();
        view.put("id", incident.id);
        view.put("kind", incident.kind);
        view.put("cause", incident.cause);
        view.put("at", incident.at);
        view.put("restoredCheckpoint", incident.restored.isPresent() ? incident.restored.getAsLong() : null);
        view.put("state", incident.closed ? "CLOSED" : "OPEN");
        view.put("outcome", incident.outcome);
        view.put("exact", incident.exact);
        if (!incident.exact) {
            view.put("inexactBecause", incident.inexactBecause);
        }
        ArrayList<Serializable> tasks = new ArrayList<>();
        incident.tasks.forEach(task -> tasks.add(task(task)));
        view.put("tasks", tasks);
        put(view, incident.total());
        ArrayList<Serializable> edges = new ArrayList<>();
        for (Map.Entry<Pair, Cost> cost : incident.costs.entrySet()) {
            edges.add(edge(cost.getKey(), cost.getValue(), names));
        }
        view.put("edges", edges);
        return view;
    }

    private static LinkedHashMap<String, Serializable> task(Incident.HitTask task) {
        LinkedHashMap<String, Serializable> view = new LinkedHashMap<>();
        view.put("vertex", task.name);
        view.put("subtask", task.vertex.getSubtaskIndex());
        view.put("attempt", task.attempt);
        view.put("taskManager", task.taskManager);
        view.put("gapMs", task.runningAt == 0 ? null : task.runningAt - task.failedAt);
        return view;
    }

    private static LinkedHashMap<String, Serializable> edge(Pair pair, Cost cost, Names names) {
        ExecutionVertexID producer = names.producer(pair.partition());
        LinkedHashMap<String, Serializable> view = new LinkedHashMap<>();
        view.put("from", names.vertex(producer));
        view.put("fromSubtask", producer.getSubtaskIndex());
        view.put("to", names.vertex(pair.consumer()));
        view.put("toSubtask", pair.consumer().getSubtaskIndex());
        put(view, cost);
        return view;
    }

    private static ArrayList<Serializable> fallbacks(List<Fallback> fallbacks) {
        ArrayList<Serializable> views = new ArrayList<>();
        for (Fallback fallback : fallbacks) {
            LinkedHashMap<String, Serializable> view = new LinkedHashMap<>();
            view.put("at", fallback.at());
            view.put("reason", fallback.reason());
            views.add(view);
        }
        return views;
    }

    private static void put(LinkedHashMap<String, Serializable> view, Cost cost) {
        view.put("lostRecords", cost.lost().records());
        view.put("lostBytes", cost.lost().bytes());
        view.put("deliveredRecords", cost.delivered().records());
        view.put("deliveredBytes", cost.delivered().bytes());
    }
}
