package io.holdfast.flink.restart;

import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.flink.api.common.JobStatus;

/** What became of a job, and what its ledger says of it. */
record Outcome(JobStatus status, Map<String, Serializable> ledger) {

    /** Records that are missing minus records that are there again, by the ledger. */
    long missing() {
        Map<String, Serializable> totals = map(ledger.get("totals"));
        return net(totals);
    }

    /** The same on the edges from and to vertices of such names. */
    long missingBetween(Predicate<String> producer, Predicate<String> consumer) {
        return incidents().stream()
                .flatMap(incident -> list(incident.get("edges")).stream())
                .filter(edge -> producer.test((String) edge.get("from")) && consumer.test((String) edge.get("to")))
                .mapToLong(Outcome::net)
                .sum();
    }

    List<Map<String, Serializable>> incidents() {
        return list(ledger.get("incidents"));
    }

    List<String> fallbacks() {
        return list(ledger.get("fallbacks")).stream()
                .map(fallback -> (String) fallback.get("reason"))
                .toList();
    }

    /** Whether every incident is over and counted to the record. */
    boolean allClosedAndExact() {
        return incidents().stream()
                .allMatch(incident ->
                        "CLOSED".equals(incident.get("state")) && Boolean.TRUE.equals(incident.get("exact")));
    }

    private static long net(Map<String, Serializable> costs) {
        return (Long) costs.get("lostRecords") - (Long) costs.get("deliveredRecords");
    }

    @SuppressWarnings("unchecked") // REST's JSON as maps and lists
    private static Map<String, Serializable> map(Object view) {
        return (Map<String, Serializable>) view;
    }

    @SuppressWarnings("unchecked") // as above
    private static List<Map<String, Serializable>> list(Object view) {
        return (List<Map<String, Serializable>>) view;
    }
}
