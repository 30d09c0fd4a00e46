package io.holdfast.migration.client;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What the JobManager is asked for.
 *
 * @param taskManagers resource ids of the TaskManagers that leave
 * @param reason for people: who wants it, and why
 * @param timeout until the TaskManagers may be gone, from the moment when it is asked for. It is sent as a time span, which
 *     does not mind clocks that differ
 * @param scope what else counts as leaving
 * @param expires how long they count as leaving afterwards; if absent, as long as the JobManager likes
 * @param handoff where the local state of those that leave can be fetched, if it can
 */
public record MoveRequest(
        List<String> taskManagers,
        String reason,
        Duration timeout,
        Scope scope,
        Optional<Duration> expires,
        Optional<Handoff> handoff) {
    private static final Duration SHORTEST = Duration.ofMillis(1);

    /** What leaves. */
    public enum Scope {
        /** The TaskManagers that are named, and no other on their nodes. */
        TASKMANAGER,
        /** All that run on their nodes: nothing is moved to another TaskManager there. */
        NODE
    }

    /** @throws IllegalArgumentException if {@code taskManagers} is empty or {@code reason} is blank */
    public MoveRequest {
        taskManagers = List.copyOf(taskManagers);
        if (taskManagers.isEmpty()) {
            throw new IllegalArgumentException("taskManagers must not be empty");
        }
        if (reason.isBlank()) {
            throw new IllegalArgumentException("reason must not be blank");
        }
    }

    /** Those alone that are named, for as long as the JobManager likes. */
    public MoveRequest(List<String> taskManagers, String reason, Duration timeout) {
        this(taskManagers, reason, timeout, Scope.TASKMANAGER, Optional.empty());
    }

    /** Their state is restored from the checkpoint storage. */
    public MoveRequest(
            List<String> taskManagers, String reason, Duration timeout, Scope scope, Optional<Duration> expires) {
        this(taskManagers, reason, timeout, scope, expires, Optional.empty());
    }

    /** The same for a JobManager that does not know handoffs. */
    MoveRequest withoutHandoff() {
        return new MoveRequest(taskManagers, reason, timeout, scope, expires);
    }

    /**
     * @param requester who asks
     * @param elapsed since it was asked for first: what is left of the timeout is sent
     */
    String json(String requester, Duration elapsed) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        ArrayNode ids = json.putArray("taskmanagers");
        taskManagers.forEach(ids::add);
        Duration left = timeout.minus(elapsed);
        json.put("requester", requester);
        json.put("reason", reason)
                .put("timeout", (left.compareTo(SHORTEST) < 0 ? SHORTEST : left).toString())
                .put("scope", scope.name().toLowerCase(Locale.ROOT));
        expires.ifPresent(span -> json.put("expires", span.toString()));
        handoff.ifPresent(where -> where.writeTo(json));
        return json.toString();
    }
}
