package io.holdfast.flink.autopartition;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JZ_Result;

/** A task that consumes while the timer tells. */
final class FeedbackRaces {

    private FeedbackRaces() {}

    /** Whatever the timer has just told, it is set again for what the task consumes then. */
    @JCStressTest
    @Outcome(id = "0, true", expect = ACCEPTABLE, desc = "all is told, in order")
    @Outcome(expect = FORBIDDEN, desc = "bytes that are never told, or words that overtake each other")
    @State
    public static class TellingTheRest extends Telling {

        public TellingTheRest() {
            super(0);
        }

        @Actor
        public void taskThread() {
            service.come();
        }

        @Actor
        public void timerThread() {
            runTimer();
        }

        @Arbiter
        public void end(JZ_Result seen) {
            judge(seen);
        }
    }

    /** The same when the task tells as well, for it is time. */
    @JCStressTest
    @Outcome(id = "0, true", expect = ACCEPTABLE, desc = "all is told, in order")
    @Outcome(expect = FORBIDDEN, desc = "bytes that are never told, or words that overtake each other")
    @State
    public static class BothTelling extends Telling {

        public BothTelling() {
            super(10 * MILLISECOND);
        }

        @Actor
        public void taskThread() {
            service.come();
        }

        @Actor
        public void timerThread() {
            runTimer();
        }

        @Arbiter
        public void end(JZ_Result seen) {
            judge(seen);
        }
    }

    /** A receiver that was sent 300 bytes, has told of 100, is to tell of 100 more by timer, and consumes the rest. */
    abstract static class Telling {

        static final long MILLISECOND = 1_000_000;

        final ServiceClock service = new ServiceClock(this::now);
        private final Feedback feedback = new Feedback(service, 1, (work, delayMs) -> timer = work, this::now);
        private final Consumption channel = feedback.channel();
        private final Consumption.Upstream link = this::hear;
        private final Receivers receivers = new Receivers(1, 32_768);
        private volatile Runnable timer;
        private long heard;
        private boolean inOrder = true;
        private long now = 5_000 * MILLISECOND;

        /** {@code pauseNanos}: time from the second buffer to the third. */
        Telling(long pauseNanos) {
            service.gate();
            receivers.sent(0, 300);
            receivers.left(0, 300);
            hand(100, 1);
            service.come();
            hand(200, 2);
            service.come();
            hand(300, 3);
            now += pauseNanos;
        }

        private void hand(long bytes, long records) {
            channel.handed(link, bytes, records);
            service.gone(true);
            now += MILLISECOND / 10;
        }

        private long now() {
            return now;
        }

        /** As at a subpartition, under its lock. */
        private void hear(int word) {
            synchronized (receivers) {
                long told = ConsumptionWord.since(0, word);
                inOrder &= told > heard;
                heard = told;
                receivers.heard(0, word);
            }
        }

        void runTimer() {
            Runnable work = timer;
            timer = null;
            work.run();
        }

        void judge(JZ_Result seen) {
            while (timer != null) {
                runTimer();
            }
            seen.r1 = receivers.outstandingBytes(0);
            seen.r2 = inOrder;
        }
    }
}
