package org.apache.flink.runtime.io.network.partition.consumer;

import io.holdfast.flink.exchange.AttachmentReport;
import io.holdfast.flink.exchange.ConsumedStream;
import io.holdfast.flink.exchange.LinkRetries;
import java.io.IOException;
import javax.annotation.concurrent.GuardedBy;
import org.apache.flink.runtime.io.network.partition.PartitionNotFoundException;
import org.apache.flink.runtime.io.network.partition.ResultPartitionID;
import org.apache.flink.runtime.io.network.partition.consumer.HoldfastInputGate.ProducerAnswer;
import org.apache.flink.runtime.shuffle.HoldfastShuffleDescriptor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a channel linked to the attempt of its producer that the JobMaster named last: opens links, cuts them at the
 * JobMaster's word, and opens them again when they break.
 *
 * <p>Here because links are Flink's channels, and what a gate knows of them is package-private.
 *
 * <p>Locks: {@code lock} is the channel's, and each method takes it for itself unless it is annotated. While it is
 * held the gate is not notified and no link is opened or closed.
 *
 * <p>Happens-before: a link notes its failure, and then {@link #linkBroken} takes the lock to see whether it stands;
 * {@link #attach} lets it stand under the lock, and then looks at its failure. Whichever holds the lock first, the
 * other sees what it has done.
 */
final class HoldfastConnector {

    private static final Logger LOG = LoggerFactory.getLogger(HoldfastConnector.class);

    private final HoldfastInputChannel channel;
    private final HoldfastInputGate gate;
    private final Object lock;

    // The channel's other parts, which the lock guards.
    private final HoldfastInflow inflow;
    private final ConsumedStream stream;
    private final AttachmentReport report;
    private final LinkRetries retries;

    @GuardedBy("lock")
    private HoldfastShuffleDescriptor producer;

    @GuardedBy("lock")
    private boolean producerLost;

    @GuardedBy("lock")
    private boolean started;

    @GuardedBy("lock")
    private boolean closed;

    @GuardedBy("lock")
    private IOException fatal;

    /** TaskExecutor main thread, while the task is created. */
    HoldfastConnector(
            HoldfastInputChannel channel,
            HoldfastInputGate gate,
            Object lock,
            HoldfastInflow inflow,
            ConsumedStream stream,
            AttachmentReport report,
            LinkRetries retries,
            HoldfastShuffleDescriptor producer) {
        this.channel = channel;
        this.gate = gate;
        this.lock = lock;
        this.inflow = inflow;
        this.stream = stream;
        this.report = report;
        this.retries = retries;
        this.producer = producer;
    }

    // ------------------------------------------------------------------ the JobMaster's word

    /** Attaching thread. Attempt {@code attempt} of the producer is lost: nothing is read from it any more. */
    void producerLost(int attempt) {
        HoldfastLink old;
        synchronized (lock) {
            if (closed || producer.attempt() != attempt || producerLost) {
                return;
            }
            producerLost = true;
            old = cut();
            inflow.fenced();
        }
        close(old);
        channel.hasData();
    }

    /** Attaching thread. The producer is served by {@code descriptor} from now on. */
    void producerAt(HoldfastShuffleDescriptor descriptor) {
        HoldfastLink old;
        int mine;
        synchronized (lock) {
            if (closed || descriptor.attempt() < producer.attempt()) {
                return;
            }
            if (descriptor.attempt() == producer.attempt()) {
                report.repeat(descriptor.attempt());
                return;
            }
            old = cut();
            inflow.fenced();
            producer = descriptor;
            producerLost = false;
            retries.reset();
            mine = inflow.version();
        }
        close(old);
        channel.hasData();
        attachIfStarted(mine);
    }

    // ------------------------------------------------------------------ opening

    /** Task thread. The task is ready to read. */
    void start() {
        int mine;
        synchronized (lock) {
            if (started || closed) {
                return;
            }
            started = true;
            mine = inflow.version();
        }
        attachIfStarted(mine);
    }

    private void attachIfStarted(int mine) {
        synchronized (lock) {
            if (!started || producerLost) {
                return;
            }
        }
        gate.attaching().connect(() -> attach(mine));
    }

    /** Connecting thread. */
    private void attach(int mine) {
        HoldfastLink fresh;
        synchronized (lock) {
            if (outdated(mine)) {
                return;
            }
            fresh = gate.newLink(channel, producer);
        }
        try {
            fresh.open();
        } catch (InterruptedException e) { // the TaskManager ends
            Thread.currentThread().interrupt();
            fresh.close();
            return;
        } catch (IOException | RuntimeException e) {
            fresh.close();
            repair(mine, e);
            return;
        }
        boolean current;
        synchronized (lock) {
            current = !outdated(mine);
            if (current) {
                inflow.attach(fresh);
                retries.opened();
            }
        }
        if (!current) {
            fresh.close();
            return;
        }
        channel.hasData();
        if (fresh.failure() != null) { // before it was the link, nobody listened
            linkBroken(fresh, fresh.failure());
        }
    }

    @GuardedBy("lock")
    private boolean outdated(int mine) {
        return closed || producerLost || mine != inflow.version() || inflow.link() != null;
    }

    // ------------------------------------------------------------------ cutting and repairing

    /** Ends the link, keeping what it has received. Its caller closes it, and notifies. */
    @GuardedBy("lock")
    private HoldfastLink cut() {
        HoldfastLink old = inflow.cut(producer.attempt());
        if (old != null) {
            stream.linkCut();
        }
        return old;
    }

    /** Netty thread, attaching thread or task thread. The producer may be alive: try again until the JobMaster knows. */
    void linkBroken(HoldfastLink source, Throwable cause) {
        gate.attaching().execute(() -> {
            int mine;
            synchronized (lock) {
                if (closed || inflow.link() != source) {
                    return;
                }
                cut();
                mine = inflow.version();
            }
            close(source);
            channel.hasData();
            repair(mine, cause);
        });
    }

    /** Attaching thread. */
    private void repair(int mine, Throwable cause) {
        HoldfastShuffleDescriptor wanted;
        long delayMs;
        synchronized (lock) {
            if (outdated(mine)) {
                return;
            }
            if (retries.hopeless(cause)) {
                fatal = new IOException(cause);
                wanted = null;
            } else {
                wanted = producer;
            }
            delayMs = retries.nextDelayMs();
        }
        if (wanted == null) {
            channel.hasData(); // the task fails with what Flink says about too few buffers
            return;
        }
        LOG.info(
                "Channel broken: task={} channel={} producer={} retryMs={} cause={}",
                gate.getOwningTaskName(),
                channel.getChannelInfo(),
                wanted.getResultPartitionID(),
                delayMs,
                cause.toString());
        boolean unreachable =
                cause instanceof PartitionNotFoundException || cause instanceof PartitionConnectionException;
        gate.attaching().schedule(() -> askAndAttach(mine, wanted, unreachable), delayMs);
    }

    /** Attaching thread. A task that was given up must not take the place of the attempt that replaces it. */
    private void askAndAttach(int mine, HoldfastShuffleDescriptor wanted, boolean unreachable) {
        synchronized (lock) {
            if (outdated(mine)) {
                return;
            }
        }
        gate.askLeave(leave -> {
            switch (leave) {
                case REFUSED ->
                    LOG.info(
                            "Replaced by another attempt, attaching no more: task={} channel={}",
                            gate.getOwningTaskName(),
                            channel.getChannelInfo());
                case UNKNOWN ->
                    gate.attaching()
                            .schedule(() -> askAndAttach(mine, wanted, unreachable), LinkRetries.LONGEST_DELAY_MS);
                case GRANTED -> {
                    if (unreachable) {
                        askProducer(mine, wanted);
                    } else {
                        gate.attaching().connect(() -> attach(mine));
                    }
                }
            }
        });
    }

    private void askProducer(int mine, HoldfastShuffleDescriptor wanted) {
        gate.askProducer(wanted, answer -> {
            if (answer == ProducerAnswer.FINISHED) {
                endGoneProducer(mine, wanted.attempt());
            } else {
                gate.attaching().connect(() -> attach(mine));
            }
        });
    }

    private void endGoneProducer(int mine, int attempt) {
        synchronized (lock) {
            if (outdated(mine)) {
                return;
            }
            inflow.producerGone(attempt);
        }
        channel.hasData();
    }

    private static void close(HoldfastLink old) {
        if (old != null) {
            old.close();
        }
    }

    // ------------------------------------------------------------------ its end

    /** Why no link can ever be opened; null as long as there is hope. */
    @GuardedBy("lock")
    IOException fatal() {
        return fatal;
    }

    /** No link will be opened any more; the one that stands is its caller's business. */
    @GuardedBy("lock")
    void close() {
        closed = true;
    }

    @GuardedBy("lock")
    boolean isClosed() {
        return closed;
    }

    /** What the JobMaster named last. */
    @GuardedBy("lock")
    ResultPartitionID producer() {
        return producer.getResultPartitionID();
    }
}
