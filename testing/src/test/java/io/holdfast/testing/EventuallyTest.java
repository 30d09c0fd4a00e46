package io.holdfast.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class EventuallyTest {

    @Test
    void triesUntilTheAssertionHolds() {
        AtomicInteger tries = new AtomicInteger();

        Eventually.until(
                Duration.ofSeconds(5), () -> assertThat(tries.incrementAndGet()).isGreaterThanOrEqualTo(3));

        assertThat(tries).hasValue(3);
    }

    @Test
    void namesTheLastFailureWhenTimeIsUp() {
        AtomicInteger tries = new AtomicInteger();

        assertThatThrownBy(() -> Eventually.until(Duration.ofMillis(120), () -> {
                    throw new IOException("try " + tries.incrementAndGet());
                }))
                .isInstanceOf(AssertionError.class)
                .hasMessageStartingWith("Not true within 120 ms (" + tries + " tries).")
                .hasMessageEndingWith("try " + tries)
                .hasCauseInstanceOf(IOException.class);
    }

    @Test
    void triesOnceEvenWithoutTime() {
        Eventually.until(Duration.ZERO, () -> {});
    }

    @Test
    void returnsTheFirstValue() {
        AtomicInteger tries = new AtomicInteger();

        int value = Eventually.value(Duration.ofSeconds(5), () -> {
            assertThat(tries.incrementAndGet()).isEqualTo(2);
            return 7;
        });

        assertThat(value).isEqualTo(7);
    }
}
