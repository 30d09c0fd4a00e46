package io.holdfast.guard.webhook;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.holdfast.guard.decide.Answer;
import io.holdfast.guard.decide.Cause;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** The two halves of {@code AdmissionReview}, version {@code admission.k8s.io/v1}: what API servers ask, and what they read. */
final class AdmissionReview {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String VERSION = "admission.k8s.io/v1";
    private static final String KIND = "AdmissionReview";
    private static final int TOO_MANY_REQUESTS = 429;

    /** Allowed all the same, and worth a line on the screen of who asked. */
    private static final Set<Cause> WARNED = EnumSet.of(
            Cause.FORCED,
            Cause.JOBMANAGER_AWAY,
            Cause.REFUSED,
            Cause.UNLOCATED,
            Cause.NOT_REMEMBERED,
            Cause.TIMED_OUT,
            Cause.FAILED);

    private AdmissionReview() {}

    /**
     * Reads what an API server asks.
     *
     * @return empty if it is not about an eviction: the webhook is registered for too much
     * @throws IllegalArgumentException if it is no review
     */
    static Optional<EvictionRequest> read(byte[] body) {
        JsonNode review;
        try {
            review = JSON.readTree(body);
        } catch (IOException e) {
            throw new IllegalArgumentException("the body is no JSON", e);
        }
        JsonNode request = review.path("request");
        if (!VERSION.equals(review.path("apiVersion").asText())
                || request.path("uid").asText("").isEmpty()) {
            throw new IllegalArgumentException("the body is no AdmissionReview of " + VERSION);
        }
        JsonNode eviction = request.path("object");
        JsonNode resource = request.path("resource");
        if (!"pods".equals(resource.path("resource").asText())
                || !"eviction".equals(request.path("subResource").asText())) {
            return Optional.empty();
        }
        boolean dryRun = request.path("dryRun").asBoolean();
        for (JsonNode directive : eviction.path("deleteOptions").path("dryRun")) {
            dryRun |= "All".equals(directive.asText());
        }
        String name = request.path("name")
                .asText(eviction.path("metadata").path("name").asText());
        JsonNode requester = eviction.path("metadata").path("annotations").path("requested-by"); // the descheduler's
        return Optional.of(new EvictionRequest(
                uid(review),
                request.path("namespace").asText(),
                name.isEmpty() ? eviction.path("metadata").path("name").asText() : name,
                dryRun,
                requester.asText(request.path("userInfo").path("username").asText("somebody"))));
    }

    private static String uid(JsonNode review) {
        return review.path("request").path("uid").asText();
    }

    /** The answer to what is no eviction. */
    static String allow(byte[] body) {
        try {
            return write(uid(JSON.readTree(body)), JSON.createObjectNode().put("allowed", true));
        } catch (IOException e) {
            throw new IllegalArgumentException("the body is no JSON", e);
        }
    }

    static String write(EvictionRequest request, Answer answer) {
        ObjectNode response = JSON.createObjectNode().put("allowed", answer.allowed());
        if (!answer.allowed()) {
            ObjectNode status = response.putObject("status")
                    .put("status", "Failure")
                    .put("message", answer.message())
                    .put(
                            "reason",
                            "TooManyRequests") // what clients repeat an eviction on; all else they take for a fault
                    .put("code", TOO_MANY_REQUESTS);
            answer.retryAfter()
                    .map(Duration::toSeconds)
                    .ifPresent(seconds -> status.putObject("details").put("retryAfterSeconds", Math.max(1, seconds)));
        } else if (WARNED.contains(answer.cause())) {
            response.putArray("warnings").add("Holdfast does not hold this eviction: " + answer.message());
        }
        return write(request.uid(), response);
    }

    private static String write(String uid, ObjectNode response) {
        ObjectNode review = JSON.createObjectNode().put("apiVersion", VERSION).put("kind", KIND);
        review.set("response", response.put("uid", uid));
        try {
            return JSON.writeValueAsString(review);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree can be written", e);
        }
    }
}
