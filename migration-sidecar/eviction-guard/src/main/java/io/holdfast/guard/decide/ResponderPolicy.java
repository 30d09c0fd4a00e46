package io.holdfast.guard.decide;

import io.holdfast.guard.decide.DeclaredEviction.Report;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/** Decides what the guard reports of an eviction that it is a responder of. */
public final class ResponderPolicy {
    /** The API asks responders not to report more often. */
    static final Duration LEAST_PAUSE = Duration.ofSeconds(20);

    /** Without news; after 20 minutes without a report the API takes a responder for failed. */
    static final Duration LONGEST_PAUSE = Duration.ofSeconds(60);

    private static final int LONGEST_MESSAGE = 4000;

    private final Duration moveTimeout;

    /** @param moveTimeout how long a move may take */
    public ResponderPolicy(Duration moveTimeout) {
        this.moveTimeout = moveTimeout;
    }

    /** What is to be reported now that the eviction was told {@code answer}; empty if that can wait. */
    public Optional<Report> report(DeclaredEviction eviction, Answer answer, Instant now) {
        Report last = eviction.report();
        String message = answer.message().length() <= LONGEST_MESSAGE
                ? answer.message()
                : answer.message().substring(0, LONGEST_MESSAGE);
        Duration silent =
                last.heartbeat().map(before -> Duration.between(before, now)).orElse(LONGEST_PAUSE);
        boolean news = !message.equals(last.message());
        boolean due = silent.compareTo(LONGEST_PAUSE) >= 0 || news && silent.compareTo(LEAST_PAUSE) >= 0;
        if (!answer.allowed() && !due) {
            return Optional.empty();
        }
        Instant then = notBefore(last.started(), notBefore(last.heartbeat(), now.truncatedTo(ChronoUnit.SECONDS)));
        return Optional.of(new Report(
                last.started(),
                Optional.of(then),
                last.expected().or(() -> expected(last, then)),
                answer.allowed() ? Optional.of(then) : Optional.empty(),
                message));
    }

    /** Clocks differ a little, and the API wants its times in order. */
    private static Instant notBefore(Optional<Instant> before, Instant time) {
        return before.filter(time::isBefore).orElse(time);
    }

    /** It may not be in the past, and is left out then. */
    private Optional<Instant> expected(Report last, Instant now) {
        return Optional.of(last.started().orElse(now).plus(moveTimeout)).filter(now::isBefore);
    }
}
