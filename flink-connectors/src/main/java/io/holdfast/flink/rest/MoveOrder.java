package io.holdfast.flink.rest;

import io.holdfast.flink.handoff.StateOffer;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import javax.annotation.Nullable;
import org.apache.flink.runtime.rest.handler.RestHandlerException;
import org.apache.flink.runtime.rest.handler.RestHandlerException.LoggingBehavior;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;

/**
 * What the body of {@code POST /holdfast/moves} asks for, checked. Pure.
 *
 * @param taskManagers ids, without repetition, at least one
 * @param deadlineMs when they may be gone, epoch milliseconds
 * @param leavingUntilMs until when no task goes to them, epoch milliseconds
 * @param byNode whether all TaskManagers of their nodes leave
 * @param offers where local state can be fetched, by TaskManager
 */
record MoveOrder(
        List<String> taskManagers,
        String reason,
        long deadlineMs,
        long leavingUntilMs,
        boolean byNode,
        Map<String, StateOffer> offers) {

    static final String TASK_MANAGERS = "taskmanagers";
    static final String REASON = "reason";
    static final String DEADLINE = "deadline";
    static final String TIMEOUT = "timeout";
    static final String SCOPE = "scope";
    static final String EXPIRES = "expires";

    /** Every field that a body may have. */
    static final Set<String> FIELDS = new TreeSet<>(
            List.of(TASK_MANAGERS, REASON, DEADLINE, TIMEOUT, SCOPE, EXPIRES, Requester.KEY, HandoffField.KEY));

    static final String BY_TASK_MANAGER = "taskmanager";
    static final String BY_NODE = "node";

    /** Longer is a wrong unit. */
    static final Duration LONGEST = Duration.ofDays(7);

    static final int LONGEST_REASON = 1_000;

    private static final String NO_REASON = "asked for over REST";

    /** {@code timeout} and {@code expires} are for bodies that say nothing of them. */
    static MoveOrder parse(Map<String, Object> body, long nowMs, Duration timeout, Duration expires)
            throws RestHandlerException {
        for (String field : body.keySet()) {
            if (!FIELDS.contains(field)) {
                throw bad("\"%s\" is no field of a move. Fields are %s".formatted(field, String.join(", ", FIELDS)));
            }
        }
        long deadlineMs = deadline(body, nowMs, timeout);
        Duration leaving = body.get(EXPIRES) == null ? expires : duration(body, EXPIRES);
        List<String> taskManagers = taskManagers(body.get(TASK_MANAGERS));
        return new MoveOrder(
                taskManagers,
                reason(body),
                deadlineMs,
                Math.max(deadlineMs, nowMs) + leaving.toMillis(),
                byNode(body),
                HandoffField.in(body, taskManagers));
    }

    /** The same for other TaskManagers. */
    MoveOrder withTaskManagers(List<String> others) {
        return new MoveOrder(others, reason, deadlineMs, leavingUntilMs, byNode, offers);
    }

    private static List<String> taskManagers(@Nullable Object ids) throws RestHandlerException {
        if (!(ids instanceof List<?> list) || list.isEmpty()) {
            throw bad(
                    "\"%s\" must be a list of at least one TaskManager's id, and is %s. GET /taskmanagers shows the ids"
                            .formatted(TASK_MANAGERS, ids));
        }
        Set<String> distinct = new LinkedHashSet<>();
        for (Object id : list) {
            if (!(id instanceof String text) || text.isBlank()) {
                throw bad("\"%s\" must hold ids of TaskManagers only, and holds %s. GET /taskmanagers shows the ids"
                        .formatted(TASK_MANAGERS, id));
            }
            distinct.add(text);
        }
        return new ArrayList<>(distinct);
    }

    private static String reason(Map<String, Object> body) throws RestHandlerException {
        String reason = text(body, REASON);
        if (reason == null || reason.isBlank()) {
            return NO_REASON;
        }
        if (reason.length() > LONGEST_REASON) {
            throw bad("\"%s\" must have at most %d characters, and has %d. Leave details to your log"
                    .formatted(REASON, LONGEST_REASON, reason.length()));
        }
        return reason;
    }

    private static long deadline(Map<String, Object> body, long nowMs, Duration timeout) throws RestHandlerException {
        String deadline = text(body, DEADLINE);
        if (deadline == null) {
            return nowMs + (body.get(TIMEOUT) == null ? timeout : duration(body, TIMEOUT)).toMillis();
        }
        if (body.get(TIMEOUT) != null) {
            throw bad("\"%s\" and \"%s\" say the same. Give one of them".formatted(DEADLINE, TIMEOUT));
        }
        long deadlineMs;
        try {
            deadlineMs = OffsetDateTime.parse(deadline).toInstant().toEpochMilli();
        } catch (DateTimeException | ArithmeticException e) {
            throw bad("\"%s\" must be a time such as 2026-05-04T12:00:00Z, and is %s".formatted(DEADLINE, deadline));
        }
        if (deadlineMs > nowMs + LONGEST.toMillis()) {
            throw bad("\"%s\" must be within the next %s, and is %s".formatted(DEADLINE, LONGEST, deadline));
        }
        return deadlineMs;
    }

    private static boolean byNode(Map<String, Object> body) throws RestHandlerException {
        String scope = text(body, SCOPE);
        if (scope == null || scope.equals(BY_TASK_MANAGER)) {
            return false;
        }
        if (scope.equals(BY_NODE)) {
            return true;
        }
        throw bad("\"%s\" must be %s (only those that are named leave) or %s (all of their nodes leave), and is %s"
                .formatted(SCOPE, BY_TASK_MANAGER, BY_NODE, scope));
    }

    private static Duration duration(Map<String, Object> body, String field) throws RestHandlerException {
        String text = text(body, field);
        Duration duration;
        try {
            duration = Duration.parse(text);
        } catch (DateTimeException | ArithmeticException e) {
            throw bad("\"%s\" must be a duration such as PT30S, and is %s".formatted(field, text));
        }
        if (duration.isNegative() || duration.compareTo(LONGEST) > 0) {
            throw bad("\"%s\" must be from PT0S to %s, and is %s".formatted(field, LONGEST, text));
        }
        return duration;
    }

    private static @Nullable String text(Map<String, Object> body, String field) throws RestHandlerException {
        Object value = body.get(field);
        if (value == null || value instanceof String) {
            return (String) value;
        }
        throw bad("\"%s\" must be a text, and is %s".formatted(field, value));
    }

    private static RestHandlerException bad(String message) {
        return new RestHandlerException(message, HttpResponseStatus.BAD_REQUEST, LoggingBehavior.IGNORE);
    }
}
