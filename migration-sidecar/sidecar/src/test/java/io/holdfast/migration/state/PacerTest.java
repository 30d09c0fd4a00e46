package io.holdfast.migration.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** At 1000 bytes per second, by a clock that goes when it is told to. */
class PacerTest {
    private static final long RATE = 1_000;

    private final List<String> gone = new ArrayList<>();
    private long nowNanos = Long.MAX_VALUE - 5; // as a real one may
    private long ringsAtNanos;
    private Runnable rings;
    private final Pacer pacer = new Pacer(new TokenBucket(RATE), () -> nowNanos, (millis, task) -> {
        assertThat(rings).as("one timer at a time").isNull();
        ringsAtNanos = nowNanos + TimeUnit.MILLISECONDS.toNanos(millis);
        rings = task;
    });

    @Test
    void firstGoesAtOnceAndTheOthersWhenItIsPaidForInTheirOrder() {
        await("a", 1_000);
        await("b", 500);
        await("c", 500);

        assertThat(gone).containsExactly("a");
        pass(Duration.ofMillis(850));
        assertThat(gone).containsExactly("a");
        pass(Duration.ofMillis(150));
        assertThat(gone).containsExactly("a", "b");
        pass(Duration.ofMillis(500));
        assertThat(gone).containsExactly("a", "b", "c");
    }

    @Test
    void rateIsKeptOverManyThatAreSmallerThanTheTimerIsFine() {
        for (int i = 0; i < 10_000; i++) {
            await("x", 1);
        }

        pass(Duration.ofSeconds(5));

        assertThat(gone).as("5 s, and what may be sent ahead").hasSizeBetween(4_900, 5_101);
    }

    @Test
    void timeWithoutRequestsIsNotSavedUp() {
        await("a", 100);
        pass(Duration.ofHours(1));

        for (int i = 0; i < 10; i++) {
            await("b", 100);
        }

        assertThat(gone)
                .as("a tenth of a second of them, and the one that begins")
                .hasSize(1 + 2);
    }

    @Test
    void whoLeavesIsNotPaidFor() {
        await("a", 1_000);
        Runnable leave = await("b", 1_000_000);
        await("c", 10);

        leave.run();
        pass(Duration.ofSeconds(1));

        assertThat(gone).containsExactly("a", "c");
    }

    private Runnable await(String name, long bytes) {
        return pacer.await(bytes, () -> gone.add(name));
    }

    private void pass(Duration time) {
        long until = nowNanos + time.toNanos();
        while (rings != null && ringsAtNanos - until <= 0) {
            nowNanos = ringsAtNanos;
            Runnable due = rings;
            rings = null;
            due.run();
        }
        nowNanos = until;
    }
}
