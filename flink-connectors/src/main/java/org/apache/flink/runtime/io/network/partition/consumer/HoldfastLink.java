package org.apache.flink.runtime.io.network.partition.consumer;

import io.holdfast.flink.autopartition.Consumption;
import java.io.IOException;
import java.util.Optional;
import org.apache.flink.runtime.event.TaskEvent;

/**
 * One attachment of a {@link HoldfastInputChannel} to one attempt of its producer. A link that has failed stays silent;
 * it never fails the task.
 */
interface HoldfastLink extends Consumption.Upstream {

    /** Attaching thread. Takes its buffers and asks the producer for the subpartition. May block. */
    void open() throws IOException, InterruptedException;

    /** Holder of the channel's lock. The next buffer; empty if there is none now. */
    Optional<InputChannel.BufferAndAvailability> poll() throws IOException;

    /** Holder of the channel's lock. Whether buffers were received that lie here and not at the producer. */
    boolean holdsBuffers();

    /** Any thread. What has broken this link, null if nothing has. */
    Throwable failure();

    /** Task thread or attaching thread. Lets the producer go on after a barrier. */
    void resume();

    /** Task thread or attaching thread. Tells the producer that all its records were processed. */
    void acknowledge();

    /** Task thread. */
    void send(TaskEvent event) throws IOException;

    /** Task thread or attaching thread. Tells the producer how large buffers should be, in bytes, or what was consumed. */
    @Override
    void announce(int bufferSize);

    /** Any thread, without the channel's lock. Gives everything back; idempotent. */
    void close();

    /** Any thread, unsynchronized: for metrics. */
    InputChannel channel();
}
