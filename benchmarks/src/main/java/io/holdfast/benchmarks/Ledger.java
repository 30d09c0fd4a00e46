package io.holdfast.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * Holdfast's own account of a job, as {@code GET /holdfast/jobs/:jobid/incidents} gives it.
 *
 * @param open incidents whose cost is not known yet
 * @param fallbacks why the whole job was restarted after all; empty if it never was
 */
record Ledger(
        boolean managed,
        long incidents,
        long open,
        long inexact,
        long restartedTasks,
        long lostRecords,
        long deliveredRecords,
        List<Edge> edges,
        List<String> fallbacks) {

    /** What one incident cost on the way between two subtasks. */
    record Edge(
            long incident,
            String from,
            int fromSubtask,
            String to,
            int toSubtask,
            long lostRecords,
            long deliveredRecords) {

        long net() {
            return lostRecords - deliveredRecords;
        }

        @Override
        public String toString() {
            return "#%d %s/%d -> %s/%d: %d lost, %d delivered"
                    .formatted(incident, from, fromSubtask, to, toSubtask, lostRecords, deliveredRecords);
        }
    }

    /** Of a job without one: stock Flink's. */
    static final Ledger NONE = new Ledger(false, 0, 0, 0, 0, 0, 0, List.of(), List.of());

    static Ledger of(JsonNode answer) {
        JsonNode totals = answer.path("totals");
        List<Edge> edges = new ArrayList<>();
        long open = 0;
        long inexact = 0;
        for (JsonNode incident : answer.path("incidents")) {
            open += incident.path("state").asText().equals("CLOSED") ? 0 : 1;
            inexact += incident.path("exact").asBoolean() ? 0 : 1;
            for (JsonNode edge : incident.path("edges")) {
                edges.add(new Edge(
                        incident.path("id").asLong(),
                        edge.path("from").asText(),
                        edge.path("fromSubtask").asInt(),
                        edge.path("to").asText(),
                        edge.path("toSubtask").asInt(),
                        edge.path("lostRecords").asLong(),
                        edge.path("deliveredRecords").asLong()));
            }
        }
        List<String> fallbacks = new ArrayList<>();
        answer.path("fallbacks")
                .forEach(fallback -> fallbacks.add(fallback.path("reason").asText()));
        return new Ledger(
                answer.path("managed").asBoolean(),
                totals.path("incidents").asLong(),
                open,
                inexact,
                totals.path("restartedTasks").asLong(),
                totals.path("lostRecords").asLong(),
                totals.path("deliveredRecords").asLong(),
                List.copyOf(edges),
                List.copyOf(fallbacks));
    }

    /** Records that the job has dropped, minus those it has repeated. */
    long netLost() {
        return lostRecords - deliveredRecords;
    }

    /** The same for what comes into a vertex: what its keyed state does not contain, minus what it contains twice. */
    long netLostInto(String vertex) {
        return edges.stream()
                .filter(edge -> edge.to.startsWith(vertex))
                .mapToLong(Edge::net)
                .sum();
    }

    /** The same for one subtask. */
    long netLostInto(String vertex, int subtask) {
        return edges.stream()
                .filter(edge -> edge.to.startsWith(vertex) && edge.toSubtask == subtask)
                .mapToLong(Edge::net)
                .sum();
    }

    /** The same for what leaves a subtask. */
    long netLostOutOf(String vertex, int subtask) {
        return edges.stream()
                .filter(edge -> edge.from.startsWith(vertex) && edge.fromSubtask == subtask)
                .mapToLong(Edge::net)
                .sum();
    }
}
