package io.holdfast.guard;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** What an API server of Kubernetes 1.37 refuses in the status of an Eviction, as far as a responder can do it wrong. */
final class ResponderRules {
    private static final Duration SKEW = Duration.ofSeconds(30);
    private static final int LONGEST_MESSAGE = 4000;

    private ResponderRules() {}

    static List<String> broken(JsonNode before, JsonNode after, Instant now) {
        List<String> broken = new ArrayList<>();
        for (String field : List.of("targetResponders", "requesters", "conditions", "observedGeneration")) {
            if (!before.path(field).equals(after.path(field))) {
                broken.add(field + " is not a responder's to change");
            }
        }
        JsonNode old = before.path("responders");
        JsonNode responders = after.path("responders");
        if (old.size() != responders.size()) {
            broken.add("responders must be the same length as targetResponders");
            return broken;
        }
        for (int i = 0; i < old.size(); i++) {
            boolean active =
                    after.at("/targetResponders/" + i + "/state").asText().equals("Active");
            if (!old.path(i).path("name").equals(responders.path(i).path("name"))) {
                broken.add("responders must contain the same keys in the same order");
            } else if (!old.path(i).equals(responders.path(i))) {
                if (active) {
                    one(old.path(i), responders.path(i), now, broken);
                } else {
                    broken.add("responders[%d]: field is immutable".formatted(i));
                }
            }
        }
        return broken;
    }

    private static void one(JsonNode old, JsonNode next, Instant now, List<String> broken) {
        if (!old.path("startTime").equals(next.path("startTime"))) {
            broken.add("startTime: field is immutable");
        }
        Instant start = Instant.parse(next.path("startTime").asText());
        if (old.has("heartbeatTime") && !next.has("heartbeatTime")) {
            broken.add("heartbeatTime is required once set");
        }
        if (!old.path("heartbeatTime").equals(next.path("heartbeatTime"))) {
            Instant heartbeat = Instant.parse(next.path("heartbeatTime").asText());
            if (heartbeat.isBefore(start)) {
                broken.add("heartbeatTime must occur after startTime");
            }
            if (old.has("heartbeatTime")
                    && heartbeat.isBefore(
                            Instant.parse(old.path("heartbeatTime").asText()))) {
                broken.add("heartbeatTime cannot be decreased");
            }
            present("heartbeatTime", heartbeat, now, broken);
        }
        if (!old.path("expectedCompletionTime").equals(next.path("expectedCompletionTime"))) {
            Instant expected = Instant.parse(next.path("expectedCompletionTime").asText());
            if (expected.isBefore(now.minus(SKEW))) {
                broken.add("expectedCompletionTime cannot be set to the past time");
            }
        }
        if (old.has("completionTime") && !old.path("completionTime").equals(next.path("completionTime"))) {
            broken.add("completionTime: field is immutable");
        } else if (!old.path("completionTime").equals(next.path("completionTime"))) {
            present("completionTime", Instant.parse(next.path("completionTime").asText()), now, broken);
        }
        if (next.path("message").asText().length() > LONGEST_MESSAGE) {
            broken.add("message: too long");
        }
    }

    private static void present(String field, Instant time, Instant now, List<String> broken) {
        if (Duration.between(time, now).abs().compareTo(SKEW) >= 0) {
            broken.add("%s must be set to the present time".formatted(field));
        }
    }
}
