package io.holdfast.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;

class FreePortTest {

    @Test
    void aPortSomebodyListensOnIsNotFree() throws IOException {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThat(FreePort.isFree(other.getLocalPort())).isFalse();
        }
        assertThat(FreePort.isFree(FreePort.any())).isTrue();
    }

    @Test
    void aPortIsNoneThatTheSystemGivesToWhoeverAsksForAny() {
        for (int i = 0; i < 1_000; i++) {
            assertThat(FreePort.any()).isBetween(1_024, 32_767);
        }
    }
}
