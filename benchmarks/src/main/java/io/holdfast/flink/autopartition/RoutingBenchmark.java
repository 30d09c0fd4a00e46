package io.holdfast.flink.autopartition;

import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * What {@link Router#route} costs per record with 128 receivers, of which 30 % are five to ten times slower.
 *
 * <p>One producer in simulated time, at a constant rate that is four fifths of what the receivers can do: how often a
 * decision is due depends on how much time has passed. The clock is read for real, and its answer is not used. Meanwhile
 * every receiver consumes what it was sent at its own speed and says so every 5 ms of simulated time, as real ones do;
 * computing that is part of the measured time.
 *
 * <p>Lies in this package for the router's and the words' package-private parts, whose clock is a parameter.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RoutingBenchmark {

    private static final int RECEIVERS = 128;
    private static final int RECORD_BYTES = 100;
    private static final int BUFFER_BYTES = 32 * 1024;
    private static final double LOAD = 0.8;
    private static final double[] SLOWNESS = {1, 1, 5, 1, 1, 7.5, 1, 1, 10, 1}; // of the first ten, and so on
    private static final long WORD_NANOS = TimeUnit.MILLISECONDS.toNanos(5) / RECEIVERS;
    private static final long START_NANOS = TimeUnit.HOURS.toNanos(1);

    /** The candidates. */
    public enum Algorithm {
        SHORTEST_EXPECTED_DELAY(
                (receivers, clock) -> new Router(receivers, new ShortestExpectedDelay(receivers, 0), clock)),
        POWER_OF_TWO_CHOICES((receivers, clock) -> new Router(receivers, new PowerOfTwoChoices(receivers, 0), clock));

        private final BiFunction<Receivers, LongSupplier, Router> router;

        Algorithm(BiFunction<Receivers, LongSupplier, Router> router) {
            this.router = router;
        }
    }

    @Param
    public Algorithm algorithm;

    /** About what one Flink task sends at most, and a rate at which hardly two records go to one receiver in turn. */
    @Param({"1000000", "50000"})
    public long recordsPerSecond;

    /** Sum of what the clock has said, so that it is read. */
    public long clockSum;

    private Receivers receivers;
    private Router router;
    private long recordNanos;
    private long nowNanos;
    private long wordAtNanos;
    private int speaker;
    private double[] nanosPerByte;
    private int[] rateCode;
    private long[] consumed;
    private double[] spokeAtNanos;

    @Setup
    public void setUp() {
        receivers = new Receivers(RECEIVERS, BUFFER_BYTES);
        router = algorithm.router.apply(receivers, this::clock);
        recordNanos = TimeUnit.SECONDS.toNanos(1) / recordsPerSecond;
        nowNanos = START_NANOS;
        wordAtNanos = nowNanos;
        nanosPerByte = new double[RECEIVERS];
        rateCode = new int[RECEIVERS];
        consumed = new long[RECEIVERS];
        spokeAtNanos = new double[RECEIVERS];
        double healthy = 0; // receivers' worth
        for (int i = 0; i < RECEIVERS; i++) {
            healthy += 1 / SLOWNESS[i % SLOWNESS.length];
        }
        double healthyNanosPerByte = (double) recordNanos / RECORD_BYTES * healthy * LOAD;
        for (int i = 0; i < RECEIVERS; i++) {
            nanosPerByte[i] = healthyNanosPerByte * SLOWNESS[i % SLOWNESS.length];
            rateCode[i] = ConsumptionWord.rateCodeOf(nanosPerByte[i]);
            spokeAtNanos[i] = nowNanos;
            receivers.heard(i, ConsumptionWord.of(0, rateCode[i]));
        }
    }

    @Benchmark
    public int route() {
        nowNanos += recordNanos;
        while (nowNanos >= wordAtNanos) {
            speak();
        }
        return router.route(RECORD_BYTES, 0);
    }

    private long clock() {
        clockSum += System.nanoTime();
        return nowNanos;
    }

    /** One receiver tells how much it has consumed since it told so last; then it is the next one's turn. */
    private void speak() {
        int receiver = speaker;
        speaker = receiver + 1 == RECEIVERS ? 0 : receiver + 1;
        wordAtNanos += WORD_NANOS;
        long sent = consumed[receiver] + receivers.outstandingBytes(receiver);
        double nanos = nowNanos - spokeAtNanos[receiver];
        long able = (long) (nanos / nanosPerByte[receiver]);
        long now = Math.min(sent, consumed[receiver] + able);
        receivers.left(receiver, sent);
        if (now == sent) {
            spokeAtNanos[receiver] = nowNanos; // it has nothing more to do
        } else {
            spokeAtNanos[receiver] += (now - consumed[receiver]) * nanosPerByte[receiver];
        }
        if (now > consumed[receiver]) {
            consumed[receiver] = now;
            receivers.heard(receiver, ConsumptionWord.of(now, rateCode[receiver]));
        }
    }

    /** What each receiver got of the records, for a look at whether the routing is what it should be. */
    long records(int receiver) {
        return receivers.records(receiver);
    }

    double slowness(int receiver) {
        return SLOWNESS[receiver % SLOWNESS.length];
    }
}
