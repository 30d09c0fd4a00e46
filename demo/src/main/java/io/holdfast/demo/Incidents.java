package io.holdfast.demo;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * Holdfast's own account, as {@code GET /holdfast/jobs/:jobid/incidents} gives it.
 *
 * @param lostRecords sent to tasks that died, and in no state: counted per edge of the job graph
 * @param deliveredRecords of lost attempts that had already gone on: what a restored source sends again
 * @param fallbacks why the whole job was restarted after all; empty if it never was
 */
record Incidents(long count, long lostRecords, long deliveredRecords, List<String> fallbacks) {

    static Incidents of(JsonNode answer) {
        JsonNode totals = answer.path("totals");
        List<String> fallbacks = new ArrayList<>();
        answer.path("fallbacks")
                .forEach(fallback -> fallbacks.add(fallback.path("reason").asText()));
        return new Incidents(
                totals.path("incidents").asLong(),
                totals.path("lostRecords").asLong(),
                totals.path("deliveredRecords").asLong(),
                List.copyOf(fallbacks));
    }
}
