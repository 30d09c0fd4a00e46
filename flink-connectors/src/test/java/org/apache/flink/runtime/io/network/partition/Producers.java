package org.apache.flink.runtime.io.network.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.inflight.InFlightStore;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.runtime.shuffle.HoldfastShuffleDescriptor.Routing;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Starts the {@link ProducingTask}s of a test, and ends them behind it; then every buffer must be back. */
final class Producers implements AfterEachCallback {

    private final int buffers;
    private final int bufferBytes;
    private final List<ProducingTask> started = new ArrayList<>();
    private InFlightStore inFlight = new InFlightStore(0, 0, List.of());

    /** Each of them has a pool of {@code buffers} buffers of {@code bufferBytes} bytes. */
    Producers(int buffers, int bufferBytes) {
        this.buffers = buffers;
        this.bufferBytes = bufferBytes;
    }

    /** Those that start from now on keep what the network has no room for in {@code store}, which is closed behind the test. */
    InFlightStore keepingIn(InFlightStore store) {
        inFlight = store;
        return store;
    }

    /** A task of attempt {@code attempt}. */
    ProducingTask attempt(int attempt) throws Exception {
        return attempt(attempt, bufferBytes);
    }

    /** The same with buffers of another size. */
    ProducingTask attempt(int attempt, int bufferBytes) throws Exception {
        ProducingTask producer = new ProducingTask(attempt, buffers, bufferBytes, inFlight);
        started.add(producer);
        return producer;
    }

    /** A task of the first attempt, which chooses among {@code receivers}. */
    ProducingTask choosing(int receivers) throws Exception {
        ProducingTask producer =
                new ProducingTask(0, buffers, bufferBytes, receivers, Routing.SHORTEST_EXPECTED_DELAY, inFlight);
        started.add(producer);
        return producer;
    }

    @Override
    public void afterEach(ExtensionContext context) {
        for (ProducingTask producer : started) {
            producer.close();
            int leaked = producer.leakedBuffers();
            producer.destroyNetwork();
            assertThat(leaked).as("buffers that did not come back").isZero();
        }
        assertThat(inFlight.memoryUsed()).as("memory of the log").isZero();
        inFlight.close();
    }
}
