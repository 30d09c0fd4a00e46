package io.holdfast.flink.autopartition;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;

/**
 * One producer and its receivers in simulated time: real router, real feedback, and between them a network that takes
 * {@link #NETWORK_NANOS}. A receiver serves one record after the other; they take half as long to half as long again.
 */
final class World {

    static final int RECORD_BYTES = 100;
    static final int BUFFER_BYTES = 32 * 1024;
    static final long SECOND = 1_000_000_000;
    static final long MILLISECOND = 1_000_000;

    private static final long NETWORK_NANOS = 200_000;

    private record Event(long at, long number, Runnable action) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            return at == other.at ? Long.compare(number, other.number) : Long.compare(at, other.at);
        }
    }

    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private final Random random = new Random(7);
    private final List<Receiver> all = new ArrayList<>();
    private final Receivers receivers;
    private final Router router;
    private long now = 1_000 * SECOND;
    private long scheduled;
    private long inFlight;

    /** {@code count} receivers that take {@code serviceNanos} per record, and a way to choose among them. */
    World(int count, long serviceNanos, BiFunction<Receivers, LongSupplier, Router> routing) {
        receivers = new Receivers(count, BUFFER_BYTES);
        for (int i = 0; i < count; i++) {
            all.add(new Receiver(i, serviceNanos));
        }
        router = routing.apply(receivers, this::now);
    }

    static Router shortestExpectedDelay(Receivers receivers, LongSupplier clock) {
        return new Router(receivers, new ShortestExpectedDelay(receivers, 0), clock);
    }

    static Router powerOfTwoChoices(Receivers receivers, LongSupplier clock) {
        return new Router(receivers, new PowerOfTwoChoices(receivers, 0), clock);
    }

    long now() {
        return now;
    }

    Receivers receivers() {
        return receivers;
    }

    Receiver receiver(int index) {
        return all.get(index);
    }

    /** The source sends a record every {@code everyNanos} for {@code forNanos}. */
    World run(long everyNanos, long forNanos) {
        long end = now + forNanos;
        for (long at = now; at < end; at += everyNanos) {
            runUntil(at);
            send();
        }
        runUntil(end);
        return this;
    }

    /** The source sends whenever fewer than {@code records} are on their way, for {@code forNanos}. */
    World saturate(long records, long forNanos) {
        long end = now + forNanos;
        while (now < end) {
            while (inFlight < records) {
                send();
            }
            Event next = events.remove();
            now = next.at;
            next.action.run();
        }
        return this;
    }

    /** The source sends nothing for {@code nanos}. */
    void pause(long nanos) {
        runUntil(now + nanos);
    }

    private void runUntil(long time) {
        while (!events.isEmpty() && events.peek().at <= time) {
            Event next = events.remove();
            now = next.at;
            next.action.run();
        }
        now = time;
    }

    int send() {
        int to = router.route(RECORD_BYTES, 0);
        inFlight++;
        Receiver receiver = all.get(to);
        receiver.got++;
        receiver.lastAt = now;
        after(NETWORK_NANOS, receiver::arrived);
        return to;
    }

    /** Forgets what everybody got. */
    void countFromNow() {
        all.forEach(receiver -> receiver.got = 0);
    }

    long gotByAll() {
        return all.stream().mapToLong(Receiver::got).sum();
    }

    private void after(long nanos, Runnable action) {
        events.add(new Event(now + nanos, scheduled++, action));
    }

    /** A receiver with a gate of one channel. */
    final class Receiver implements Consumption.Upstream {

        private final int index;
        private final ServiceClock service = new ServiceClock(World.this::now);
        private final Consumption consumption;
        private final ArrayDeque<Long> waiting = new ArrayDeque<>();
        private long serviceNanos;
        private boolean stalled;
        private boolean busy;
        private int attachment;
        private long base;
        private long arrived;
        private long handed;
        private long got;
        private long lastAt;

        private Receiver(int index, long serviceNanos) {
            this.index = index;
            this.serviceNanos = serviceNanos;
            service.gate();
            consumption = new Feedback(
                            service, 1, (work, delayMs) -> after(delayMs * MILLISECOND, work), World.this::now)
                    .channel();
        }

        /** Records that were sent to it. */
        long got() {
            return got;
        }

        double share() {
            return (double) got / gotByAll();
        }

        /** When it was sent the last one. */
        long lastAt() {
            return lastAt;
        }

        void takes(long nanos) {
            serviceNanos = nanos;
        }

        /** It does nothing, for ever. */
        void stall() {
            stalled = true;
        }

        /** It goes away, and with it all that it has not consumed. */
        void detach() {
            receivers.detached(index);
            attachment++;
            inFlight -= waiting.size() + (busy ? 1 : 0);
            waiting.clear();
            busy = false;
        }

        /** Another takes its place. */
        void attach() {
            base = arrived;
            receivers.attached(index, base * RECORD_BYTES);
        }

        private void arrived() {
            arrived++;
            receivers.left(index, arrived * RECORD_BYTES);
            waiting.add(arrived);
            serveIfIdle();
        }

        private void serveIfIdle() {
            if (busy || stalled || waiting.isEmpty()) {
                return;
            }
            busy = true;
            handed = waiting.remove() - base;
            consumption.handed(this, handed * RECORD_BYTES, handed);
            service.gone(!waiting.isEmpty());
            int mine = attachment;
            after((long) (serviceNanos * (0.5 + random.nextDouble())), () -> done(mine));
        }

        private void done(int inAttachment) {
            if (stalled || attachment != inAttachment) {
                return;
            }
            busy = false;
            inFlight--;
            service.come();
            serveIfIdle();
        }

        @Override
        public void announce(int word) {
            after(NETWORK_NANOS, () -> receivers.heard(index, word));
        }
    }
}
