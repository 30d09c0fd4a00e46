package io.holdfast.guard.decide;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * An eviction that is an object of the cluster, as far as the guard as one of its responders is concerned.
 *
 * @param name of the object
 * @param pod name of the pod
 * @param podUid of the pod: another one of the same name is not meant
 * @param requesters who wants it
 * @param report what the guard has reported of it
 */
public record DeclaredEviction(
        String name, String pod, String podUid, List<String> requesters, Standing standing, Report report) {

    /** What the guard has to do with it at this moment. */
    public enum Standing {
        /** Nothing yet, or nothing at all: it is another's turn, or this is no responder of it. */
        INACTIVE,
        /** It is the guard's turn. */
        ACTIVE,
        /** Nobody wants it any more. */
        CANCELED,
        /** Nothing more: it was the guard's turn, or the pod is gone. */
        OVER
    }

    /**
     * What a responder says of an eviction. Times are whole seconds.
     *
     * @param started when its turn began, as the cluster says
     * @param heartbeat when it reported last
     * @param expected when it will be done, as far as can be told
     * @param completed when it was done with it
     */
    public record Report(
            Optional<Instant> started,
            Optional<Instant> heartbeat,
            Optional<Instant> expected,
            Optional<Instant> completed,
            String message) {}

    /** Whether it is the guard's turn, and it is not done yet. */
    public boolean acts() {
        return standing == Standing.ACTIVE && report.completed().isEmpty();
    }
}
