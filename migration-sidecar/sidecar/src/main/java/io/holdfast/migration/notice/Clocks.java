package io.holdfast.migration.notice;

import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** The clock that notices are dated by, and the one that never jumps, by which deadlines are kept. */
public record Clocks(LongSupplier nano, Supplier<Instant> wall) {
    private static final Duration FARTHEST = Duration.ofDays(365);

    /** When {@code moment} is, by the clock that never jumps. */
    public OptionalLong nanos(Instant moment) {
        Duration left = Duration.between(wall.get(), moment);
        if (left.compareTo(FARTHEST) > 0) {
            return OptionalLong.empty(); // no date that anybody means
        }
        return OptionalLong.of(
                nano.getAsLong() + (left.compareTo(FARTHEST.negated()) > 0 ? left : FARTHEST.negated()).toNanos());
    }
}
