package org.apache.flink.runtime.io.network.partition.consumer;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.holdfast.flink.exchange.AttachmentReport;
import io.holdfast.flink.exchange.ConsumedStream;
import io.holdfast.flink.exchange.Exchanges;
import io.holdfast.flink.exchange.LinkRetries;
import io.holdfast.flink.exchange.TaskExchange;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.apache.flink.runtime.checkpoint.channel.InputChannelInfo;
import org.apache.flink.runtime.event.TaskEvent;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.executiongraph.ExecutionGraphID;
import org.apache.flink.runtime.io.network.api.EndOfSuperstepEvent;
import org.apache.flink.runtime.io.network.api.serialization.EventSerializer;
import org.apache.flink.runtime.io.network.buffer.Buffer;
import org.apache.flink.runtime.io.network.partition.consumer.InputChannel.BufferAndAvailability;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** Links that announce what they have while the task reads, and while they are attached. */
final class HoldfastInflowRaces {

    private HoldfastInflowRaces() {}

    /** The link has one buffer, and gets another while the task takes the first. */
    @JCStressTest
    @Outcome(id = "0", expect = ACCEPTABLE, desc = "all is read")
    @Outcome(expect = FORBIDDEN, desc = "a buffer that the task does not come for")
    @State
    public static class Reading {
        private final Gate gate = new Gate();
        private final Link link = new Link();

        public Reading() {
            link.arrived();
            gate.attach(link);
        }

        @Actor
        public void taskThread() {
            gate.pollNext();
        }

        @Actor
        public void nettyThread() {
            link.arrived();
            gate.announced(link);
        }

        @Arbiter
        public void end(I_Result seen) {
            gate.mark(); // hides from the gate's own queue what the channel must know
            gate.pollAll();
            seen.r1 = link.buffers();
        }
    }

    /** The link gets its first buffer while it is attached. */
    @JCStressTest
    @Outcome(id = "0", expect = ACCEPTABLE, desc = "all is read")
    @Outcome(expect = FORBIDDEN, desc = "a buffer that the task does not come for")
    @State
    public static class Attaching {
        private final Gate gate = new Gate();
        private final Link link = new Link();

        public Attaching() {
            gate.mark();
        }

        @Actor
        public void attachingThread() {
            gate.attach(link);
        }

        @Actor
        public void nettyThread() {
            link.arrived();
            gate.announced(link);
        }

        @Arbiter
        public void end(I_Result seen) {
            gate.pollAll();
            seen.r1 = link.buffers();
        }
    }

    /** A link is replaced by another while both announce: what the old one says must not hide the new one's. */
    @JCStressTest
    @Outcome(id = "0", expect = ACCEPTABLE, desc = "all is read")
    @Outcome(expect = FORBIDDEN, desc = "a buffer that the task does not come for")
    @State
    public static class Replacing {
        private final Gate gate = new Gate();
        private final Link old = new Link();
        private final Link fresh = new Link();

        public Replacing() {
            gate.attach(old);
            gate.pollAll();
        }

        @Actor
        public void attachingThread() {
            gate.cut();
            gate.attach(fresh);
        }

        @Actor
        public void nettyThreads() {
            fresh.arrived();
            gate.announced(old);
            gate.announced(fresh);
        }

        @Arbiter
        public void end(I_Result seen) {
            gate.pollAll();
            seen.r1 = fresh.buffers();
        }
    }

    /** What Flink's gate and our channel do with an inflow, with locks in their order: this, then {@code lock}. */
    static final class Gate {
        private static final InputChannelInfo INFO = new InputChannelInfo(0, 0);
        private static final TaskExchange TASK = new Exchanges()
                .of(new ExecutionAttemptID(new ExecutionGraphID(), new ExecutionVertexID(new JobVertexID(), 0), 0));
        private static final AttachmentReport UNUSED =
                new AttachmentReport(new IntermediateResultPartitionID(), TASK.attempt(), () -> {});

        static {
            TASK.barrierSeen(1, false); // so that the first mark is something to be read
        }

        private final Object lock = new Object();
        private final HoldfastInflow inflow = new HoldfastInflow(lock, Runnable::run, new LinkRetries(), "task", INFO);
        private final ConsumedStream stream = new ConsumedStream(TASK, inflow, UNUSED, () -> false);
        private boolean queued;

        void attach(Link link) {
            synchronized (lock) {
                inflow.attach(link);
            }
            channelNonEmpty();
        }

        void cut() {
            synchronized (lock) {
                inflow.cut(0);
            }
            channelNonEmpty();
        }

        void mark() {
            synchronized (lock) {
                inflow.fenced();
            }
            channelNonEmpty();
        }

        void announced(Link link) {
            if (inflow.announced(link)) {
                channelNonEmpty();
            }
        }

        private synchronized void channelNonEmpty() {
            queued = true;
        }

        void pollAll() {
            while (pollNext()) {}
        }

        /** Whether the channel was queued. */
        synchronized boolean pollNext() {
            boolean was = queued;
            if (was) {
                queued = nextFromChannel();
            }
            return was;
        }

        /** Whether the channel has more. */
        private boolean nextFromChannel() {
            synchronized (lock) {
                while (!stream.hasNext()) {
                    if (!readOne()) {
                        return false;
                    }
                }
                stream.next();
                return stream.hasNext() || inflow.hasMore();
            }
        }

        private boolean readOne() {
            try {
                return inflow.readOne(stream);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** A link that has received so many buffers. */
    static final class Link implements HoldfastLink {
        private static final Buffer BUFFER = buffer();

        private int buffers;

        private static Buffer buffer() {
            try {
                return EventSerializer.toBuffer(EndOfSuperstepEvent.INSTANCE, false); // handed on as it is
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        synchronized void arrived() {
            buffers++;
        }

        synchronized int buffers() {
            return buffers;
        }

        @Override
        public synchronized Optional<BufferAndAvailability> poll() {
            if (buffers == 0) {
                return Optional.empty();
            }
            buffers--;
            Buffer.DataType next = buffers == 0 ? Buffer.DataType.NONE : BUFFER.getDataType();
            return Optional.of(new BufferAndAvailability(BUFFER, next, 0, 0));
        }

        @Override
        public boolean holdsBuffers() {
            return buffers() > 0;
        }

        @Override
        public Throwable failure() {
            return null;
        }

        @Override
        public void open() {}

        @Override
        public void resume() {}

        @Override
        public void acknowledge() {}

        @Override
        public void send(TaskEvent event) {}

        @Override
        public void announce(int bufferSize) {}

        @Override
        public void close() {}

        @Override
        public InputChannel channel() {
            throw new UnsupportedOperationException("Nobody asks here");
        }
    }
}
