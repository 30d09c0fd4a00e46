package io.holdfast.guard;

import io.holdfast.testing.Eventually;
import io.holdfast.testing.FreePort;
import io.holdfast.testing.quarkus.ProgramProcess;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** A replica as the container runs it, with addresses of its own. */
final class GuardProcess implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final ProgramProcess process;
    private final int port;

    private GuardProcess(ProgramProcess process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts it; output goes to {@code directory}. */
    static GuardProcess start(Path directory, Map<String, String> variables) {
        int port = FreePort.any();
        int statusPort = FreePort.any();
        Map<String, String> all = new HashMap<>();
        all.put("HOLDFAST_EVICTION_GUARD_LISTEN", "127.0.0.1:" + port);
        all.put("HOLDFAST_EVICTION_GUARD_STATUS_LISTEN", "127.0.0.1:" + statusPort);
        all.putAll(variables);
        return new GuardProcess(ProgramProcess.start(directory, statusPort, all), port);
    }

    /** Waits until API servers can talk to it. */
    GuardProcess awaitReady() {
        Eventually.until(PATIENCE, () -> {
            if (!process.alive()) {
                throw new AssertionError("It has ended.\n" + this);
            }
            if (status("/q/health/ready").statusCode() != 200) {
                throw new AssertionError("Not ready.\n" + this);
            }
        });
        return this;
    }

    /** Port of the webhook. */
    int port() {
        return port;
    }

    HttpResponse<String> status(String path) throws Exception {
        return process.request("GET", path);
    }

    boolean leads() {
        try {
            return status("/q/metrics").body().contains("holdfast_guard_leader 1.0");
        } catch (Exception e) {
            return false; // it is not there: then it does not lead
        }
    }

    void kill() {
        process.kill();
    }

    void terminate() {
        process.terminate();
    }

    int exitCode() {
        return process.exitCode();
    }

    String out() {
        return process.out();
    }

    String err() {
        return process.err();
    }

    @Override
    public String toString() {
        return process.toString();
    }

    @Override
    public void close() {
        process.close();
    }
}
