package io.holdfast.flink.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class LinkRetriesTest {

    private static final IOException REFUSED = new IOException("Connection refused");
    private static final IOException SHORTAGE =
            new IOException("Insufficient number of network buffers: required 2, but only 0 available.");

    private final LinkRetries retries = new LinkRetries();

    @Test
    void delaysGrowUpToTheLongest() {
        assertThat(delays(6)).containsExactly(100L, 200L, 400L, 800L, 1_000L, 1_000L);
    }

    @Test
    void delaysAreShortAgainOnceAProducerWasFound() {
        delays(5);

        retries.reset();

        assertThat(delays(2)).containsExactly(100L, 200L);
    }

    @Test
    void brokenLinkIsNeverHopelessWhileThereAreBuffers() {
        for (int i = 0; i < 10 * LinkRetries.SHORTAGES; i++) {
            assertThat(retries.hopeless(REFUSED)).isFalse();
        }
        assertThat(retries.hopeless(new IOException())).as("without a message").isFalse();
    }

    @Test
    void wantOfBuffersIsHopelessAfterAWhile() {
        for (int i = 1; i < LinkRetries.SHORTAGES; i++) {
            assertThat(retries.hopeless(SHORTAGE)).isFalse();
        }

        assertThat(retries.hopeless(SHORTAGE)).isTrue();
    }

    @Test
    void linkThatWasOpenedEndsTheWantOfBuffers() {
        for (int i = 1; i < LinkRetries.SHORTAGES; i++) {
            retries.hopeless(SHORTAGE);
        }

        retries.opened();

        assertThat(retries.hopeless(SHORTAGE)).isFalse();
    }

    private List<Long> delays(int count) {
        return Stream.generate(retries::nextDelayMs).limit(count).toList();
    }
}
