package io.holdfast.flink.autopartition;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Mode;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.Signal;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.D_Result;
import org.openjdk.jcstress.infra.results.I_Result;
import org.openjdk.jcstress.infra.results.JJ_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** What a task thread sees of receivers while they come, go and tell, and while the JobMaster sets weights. */
final class ReceiversRaces {

    private static final int BUFFER_BYTES = 32_768;
    private static final int SLOW = 200;
    private static final int FAST = 500;
    private static final long NOW = 0;

    private ReceiversRaces() {}

    /** A receiver that is seen to be attached is seen with what it begins with, not with an earlier one's word. */
    @JCStressTest
    @Outcome(id = "Infinity", expect = ACCEPTABLE, desc = "away")
    @Outcome(id = "1.0", expect = ACCEPTABLE, desc = "attached, owes nothing, rate not known")
    @Outcome(expect = FORBIDDEN, desc = "attached, with the word of the one before")
    @State
    public static class Attaching {
        private final Receivers receivers = new Receivers(1, BUFFER_BYTES);

        public Attaching() {
            receivers.sent(0, 100);
            receivers.left(0, 100);
            receivers.heard(0, ConsumptionWord.of(40, SLOW));
            receivers.detached(0);
        }

        @Actor
        public void nettyThread() {
            receivers.attached(0, 100);
        }

        @Actor
        public void taskThread(D_Result seen) {
            seen.r1 = receivers.delayNanos(0, 1, NOW);
        }
    }

    /** What one word says, bytes and rate, is seen together. */
    @JCStressTest
    @Outcome(id = "0", expect = ACCEPTABLE, desc = "the word before")
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "the word")
    @Outcome(expect = FORBIDDEN, desc = "the bytes of one with the rate of the other")
    @State
    public static class Word {
        private static final double BEFORE = (100 - 40 + 1) * ConsumptionWord.nanosPerByte(SLOW);
        private static final double AFTER = ConsumptionWord.nanosPerByte(FAST);

        private final Receivers receivers = new Receivers(1, BUFFER_BYTES);

        public Word() {
            receivers.sent(0, 100);
            receivers.left(0, 100);
            receivers.heard(0, ConsumptionWord.of(40, SLOW));
        }

        @Actor
        public void nettyThread() {
            receivers.heard(0, ConsumptionWord.of(100, FAST));
        }

        @Actor
        public void taskThread(I_Result seen) {
            double delay = receivers.delayNanos(0, 1, NOW);
            seen.r1 = delay == BEFORE ? 0 : delay == AFTER ? 1 : 2;
        }
    }

    /** No byte is lost between one who sends and one who consumes, and none is consumed before it was sent. */
    @JCStressTest
    @Outcome(id = "200, 0", expect = ACCEPTABLE, desc = "seen before anything was consumed")
    @Outcome(id = "100, 0", expect = ACCEPTABLE, desc = "seen when one record was consumed")
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "seen when both were consumed")
    @Outcome(expect = FORBIDDEN, desc = "bytes that are lost, or were consumed before they were sent")
    @State
    public static class Consuming {
        private final Receivers receivers = new Receivers(1, BUFFER_BYTES);

        /** As in Flink's buffers: what is written up to here may be read. */
        private volatile int written;

        public Consuming() {
            send();
        }

        @Actor
        public void taskThread(JJ_Result seen) {
            send();
            seen.r1 = receivers.outstandingBytes(0);
        }

        @Actor
        public void nettyThread() {
            consume();
        }

        @Arbiter
        public void end(JJ_Result seen) {
            consume();
            seen.r2 = receivers.outstandingBytes(0);
        }

        private void send() {
            receivers.sentRecord(0, 100);
            written += 100; // this thread alone does
        }

        private void consume() {
            int read = written;
            receivers.left(0, read);
            receivers.heard(0, ConsumptionWord.of(read, FAST));
        }
    }

    /** Neither a weight nor who is there gets lost, in whatever order they come. */
    @JCStressTest
    @Outcome(id = "false, false", expect = ACCEPTABLE, desc = "neither may get anything")
    @Outcome(expect = FORBIDDEN, desc = "one word undid the other")
    @State
    public static class Weighing {
        private final Receivers receivers = new Receivers(2, BUFFER_BYTES);

        public Weighing() {
            receivers.detached(1);
        }

        @Actor
        public void mainThread() {
            receivers.weight(0, 0.5);
            receivers.weight(1, 0);
        }

        @Actor
        public void nettyThread() {
            receivers.detached(0);
            receivers.attached(1, 0);
        }

        @Arbiter
        public void end(ZZ_Result seen) {
            seen.r1 = receivers.isEligible(0);
            seen.r2 = receivers.isEligible(1);
        }
    }

    /** A task that does nothing but look sees a weight at last. */
    @JCStressTest(Mode.Termination)
    @Outcome(id = "TERMINATED", expect = ACCEPTABLE, desc = "seen")
    @Outcome(id = "STALE", expect = FORBIDDEN, desc = "never seen")
    @State
    public static class WeightArrives {
        private final Receivers receivers = new Receivers(1, BUFFER_BYTES);

        @Actor
        public void taskThread() {
            while (receivers.isEligible(0)) {}
        }

        @Signal
        public void mainThread() {
            receivers.weight(0, 0);
        }
    }

    /** A task that does nothing but look sees a word at last. */
    @JCStressTest(Mode.Termination)
    @Outcome(id = "TERMINATED", expect = ACCEPTABLE, desc = "seen")
    @Outcome(id = "STALE", expect = FORBIDDEN, desc = "never seen")
    @State
    public static class WordArrives {
        private final Receivers receivers = new Receivers(1, BUFFER_BYTES);

        public WordArrives() {
            receivers.sent(0, 100);
            receivers.left(0, 100);
        }

        @Actor
        public void taskThread() {
            while (receivers.outstandingBytes(0) > 0) {}
        }

        @Signal
        public void nettyThread() {
            receivers.heard(0, ConsumptionWord.of(100, FAST));
        }
    }
}
