package io.holdfast.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/** Finds and checks ports on 127.0.0.1. */
public final class FreePort {

    private static final int FIRST = 12_000;

    /** The lowest of Linux' default {@code ip_local_port_range}. */
    private static final int EPHEMERAL = 32_768;

    private static final int ATTEMPTS = 1_000;

    private FreePort() {}

    /**
     * A port that was free a moment ago, below those from which the system serves whoever asks for any port: a cluster that
     * starts asks for many of those, and would sometimes win the very one. Another process may still win it: callers report
     * a failed bind.
     */
    public static int any() {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            int port = ThreadLocalRandom.current().nextInt(FIRST, EPHEMERAL);
            if (isFree(port)) {
                return port;
            }
        }
        throw new IllegalStateException("No free port on 127.0.0.1 after %d attempts".formatted(ATTEMPTS));
    }

    /** Whether a server could listen on {@code port} now. */
    public static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true); // connections of an ended cluster in TIME_WAIT are no obstacle
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
