package org.apache.flink.runtime.io.network.partition.consumer;

import io.holdfast.flink.exchange.ConsumedStream;
import io.holdfast.flink.exchange.LinkRetries;
import io.holdfast.flink.exchange.SequenceWord;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.concurrent.Executor;
import javax.annotation.concurrent.GuardedBy;
import org.apache.flink.runtime.checkpoint.channel.InputChannelInfo;
import org.apache.flink.runtime.io.network.buffer.Buffer;
import org.apache.flink.runtime.io.network.partition.consumer.InputChannel.BufferAndAvailability;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What flows into a channel, in the order of the stream: what links that were cut had received, marks of what happened
 * in between, and then what the link that stands now brings. Knows which link each of the task's answers is for.
 *
 * <p>Here because links are Flink's channels.
 *
 * <p>Locks: each method is called by a holder of the channel's lock, unless it says otherwise; none opens or closes a
 * link or notifies the gate. {@link #closeSoon} has it done on an attaching thread, which then takes the lock itself.
 *
 * <p>Happens-before: announcements take no lock, so {@code link} and {@code linkHasMore} are volatile. What is
 * announced was put before where {@link HoldfastLink#poll} finds it, under a lock that this takes. A look resets {@code
 * linkHasMore} and then polls: an announcement that it wipes out is of something that it finds or hears of; a later one
 * stands. One that misses a link not yet attached comes before {@link #attach} writes {@code link}, and so before the
 * look that {@link #attach} asks for behind that. One that comes while its link is cut costs a look that finds nothing.
 */
final class HoldfastInflow implements ConsumedStream.Upstream {

    private static final Logger LOG = LoggerFactory.getLogger(HoldfastInflow.class);

    /** What waits to be read besides buffers: things that happened at this place in the stream. */
    private sealed interface Mark {}

    /** Nothing more comes from what was read so far. */
    private record Cut(int attempt) implements Mark {}

    /** The fence was raised: a checkpoint that waits for this channel's barrier waits in vain. */
    private record Fenced() implements Mark {}

    /** The producer had finished and its partition is gone. */
    private record Gone(int attempt) implements Mark {}

    private final Object lock;
    private final Executor attaching;
    private final LinkRetries retries;
    private final String task;
    private final InputChannelInfo channel;

    /** Changes of the link are visible to notifications, which take no lock. */
    private volatile HoldfastLink link;

    /** Counts changes of mind about the link; attaching on behalf of an older one is given up. */
    @GuardedBy("lock")
    private int version;

    /** Buffers of links that were cut, and marks, in the order of the stream. */
    @GuardedBy("lock")
    private final ArrayDeque<Object> waiting = new ArrayDeque<>();

    /** Whether the link may have something to read: what it announces counts until the next look at it. */
    private volatile boolean linkHasMore;

    /** Where the element that is being read comes from; null if its link was cut. */
    @GuardedBy("lock")
    private HoldfastLink source;

    /** Whom the task's next resume is for: the link whose barrier it is aligning; null if that one is gone. */
    @GuardedBy("lock")
    private HoldfastLink blocked;

    /** Whom the task's acknowledgement is for: the link that brought the end of data; null if that one is gone. */
    @GuardedBy("lock")
    private HoldfastLink ending;

    /** The link that brought the end of the partition; null if that one is gone. */
    @GuardedBy("lock")
    private HoldfastLink endedPartition;

    /**
     * TaskExecutor main thread, while the task is created.
     *
     * @param lock the channel's
     * @param attaching runs what must not be done under the lock
     * @param retries told when a producer was found
     * @param task name of the task, for logs
     */
    HoldfastInflow(Object lock, Executor attaching, LinkRetries retries, String task, InputChannelInfo channel) {
        this.lock = lock;
        this.attaching = attaching;
        this.retries = retries;
        this.task = task;
        this.channel = channel;
    }

    // ------------------------------------------------------------------ links come and go

    /** Any thread, with or without the lock. The link that stands, null if none does. */
    HoldfastLink link() {
        return link;
    }

    @GuardedBy("lock")
    int version() {
        return version;
    }

    /** {@code fresh}, which was opened, is read from now on. */
    @GuardedBy("lock")
    void attach(HoldfastLink fresh) {
        link = fresh;
        linkHasMore = true; // what it announced before, nobody heard
    }

    /** Any thread, without the lock. {@code source} has something to read. Returns whether it is the link. */
    boolean announced(HoldfastLink source) {
        if (link != source) {
            return false;
        }
        linkHasMore = true;
        return true;
    }

    /**
     * Ends the link, keeping what it has received. Its caller closes it, and notifies.
     *
     * @param attempt number of the producer's attempt that the link leads to
     * @return the link; null if there was none
     */
    @GuardedBy("lock")
    HoldfastLink cut(int attempt) {
        HoldfastLink old = release();
        linkHasMore = false;
        blocked = null;
        ending = null;
        if (old != null) {
            try {
                while (old.holdsBuffers()) {
                    old.poll().ifPresent(next -> waiting.add(next.buffer()));
                }
            } catch (IOException e) {
                LOG.warn("Received buffers dropped: task={} channel={}", task, channel, e);
            }
            waiting.add(new Cut(attempt));
        }
        return old;
    }

    /** Ends the link, and forgets what it has received. Its caller closes it. Null if there was none. */
    @GuardedBy("lock")
    HoldfastLink release() {
        version++;
        HoldfastLink old = link;
        link = null;
        return old;
    }

    /** The fence was raised. */
    @GuardedBy("lock")
    void fenced() {
        waiting.add(new Fenced());
    }

    /** The producer had finished, in attempt {@code attempt}, and its partition is gone: no link will lead there. */
    @GuardedBy("lock")
    void producerGone(int attempt) {
        version++;
        waiting.add(new Gone(attempt));
    }

    /** Whether the link that stands has brought the end of the task's stream; also if there is neither. */
    @GuardedBy("lock")
    boolean hasEnded() {
        return link == endedPartition;
    }

    /** Recycles what nobody will read. */
    @GuardedBy("lock")
    void discard() {
        for (Object next : waiting) {
            if (next instanceof Buffer buffer) {
                buffer.recycleBuffer();
            }
        }
        waiting.clear();
    }

    // ------------------------------------------------------------------ reading

    /**
     * Whether there may be something to read. If not, the link will announce what comes; a look at one that has announced
     * nothing costs, for it takes what little a local producer has written to its buffer so far.
     */
    @GuardedBy("lock")
    boolean hasMore() {
        return !waiting.isEmpty() || linkHasMore;
    }

    /** Where what was read last came from; null if its link was cut, or it came from none. */
    @GuardedBy("lock")
    HoldfastLink source() {
        return source;
    }

    /** Reads one buffer or mark into {@code stream}; false if there is none now. */
    @GuardedBy("lock")
    boolean readOne(ConsumedStream stream) throws IOException {
        Object next = waiting.poll();
        int records = SequenceWord.UNKNOWN;
        source = null;
        if (next == null) {
            HoldfastLink current = link;
            source = current;
            linkHasMore = false; // before the look: it may miss what is announced from now on
            Optional<BufferAndAvailability> read = current == null ? Optional.empty() : current.poll();
            if (read.isEmpty()) {
                return false;
            }
            if (read.get().moreAvailable()) {
                linkHasMore = true;
            }
            next = read.get().buffer();
            records = SequenceWord.records(read.get().getSequenceNumber());
        }
        if (next instanceof Mark mark) {
            read(mark, stream);
        } else {
            stream.accept((Buffer) next, records);
        }
        return true;
    }

    @GuardedBy("lock")
    private void read(Mark mark, ConsumedStream stream) {
        if (mark instanceof Cut cut) {
            stream.brokenOff(cut.attempt());
        } else if (mark instanceof Fenced) {
            stream.fenced();
        } else if (mark instanceof Gone gone) {
            LOG.info(
                    "Producer has finished and its partition is gone: task={} channel={} attempt={}",
                    task,
                    channel,
                    gone.attempt());
            stream.producerGone(gone.attempt());
        }
    }

    // ------------------------------------------------------------------ the way back

    @Override
    public void greeted() {
        retries.reset();
    }

    @Override
    public void barrierPassed(boolean waits) {
        blocked = waits ? source : null;
    }

    @Override
    public void resumeSoon() {
        HoldfastLink current = source;
        if (current != null) {
            attaching.execute(current::resume);
        }
    }

    @Override
    public void endOfDataPassed() {
        ending = source;
    }

    @Override
    public void acknowledgeSoon() {
        HoldfastLink current = source;
        if (current != null) {
            attaching.execute(current::acknowledge);
        }
    }

    @Override
    public void endOfPartitionPassed() {
        endedPartition = source;
    }

    @Override
    public void closeSoon() {
        HoldfastLink current = source; // a newer link may stand already, and goes on
        if (current != null) {
            attaching.execute(() -> {
                synchronized (lock) {
                    if (link == current) {
                        release();
                    }
                }
                current.close();
            });
        }
    }

    /** Whom the task's resume is for, once; null if that link is gone: one that came later was not blocked by it. */
    @GuardedBy("lock")
    HoldfastLink takeBlocked() {
        HoldfastLink held = blocked;
        blocked = null;
        return held;
    }

    /** Whom the task's acknowledgement is for; null if that link is gone: the next end of data is acknowledged then. */
    @GuardedBy("lock")
    HoldfastLink ending() {
        return ending;
    }
}
