package io.holdfast.guard;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** Time that passes when a test says so. */
final class ManualClock implements InstantSource {
    private Instant now = Instant.parse("2026-11-26T12:00:00Z");

    @Override
    public synchronized Instant instant() {
        return now;
    }

    synchronized void pass(Duration duration) {
        now = now.plus(duration);
    }
}
