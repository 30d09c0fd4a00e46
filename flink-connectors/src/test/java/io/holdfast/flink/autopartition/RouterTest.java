package io.holdfast.flink.autopartition;

import static io.holdfast.flink.autopartition.World.MILLISECOND;
import static io.holdfast.flink.autopartition.World.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who gets the records, in simulated time. A record takes a receiver 1 ms unless a test says otherwise. */
class RouterTest {

    private static final int RECEIVERS = 8;
    private static final long SERVICE = MILLISECOND;
    /** Half of what the receivers can do. */
    private static final long HALF_LOAD = 2 * SERVICE / RECEIVERS;
    /** Records under way when the source is always ahead. */
    private static final long MANY = 4_000;

    /** The candidates. */
    enum Way {
        SHORTEST_EXPECTED_DELAY(World::shortestExpectedDelay),
        POWER_OF_TWO_CHOICES(World::powerOfTwoChoices);

        private final BiFunction<Receivers, LongSupplier, Router> routing;

        Way(BiFunction<Receivers, LongSupplier, Router> routing) {
            this.routing = routing;
        }

        World world() {
            return new World(RECEIVERS, SERVICE, routing);
        }
    }

    // ------------------------------------------------------------------ equals

    @ParameterizedTest
    @EnumSource(Way.class)
    void equalsGetEqualSharesAtHalfLoad(Way way) {
        World world = way.world().run(HALF_LOAD, 10 * SECOND);

        assertFair(world, way);
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void equalsGetEqualSharesWhenTheSourceIsAhead(Way way) {
        World world = way.world().saturate(MANY, 10 * SECOND);

        assertFair(world, way);
        assertThat(world.gotByAll()).isGreaterThan(95 * 10 * SECOND / SERVICE * RECEIVERS / 100);
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void equalsTakeTurnsAtLowRates(Way way) {
        World world = way.world().run(20 * MILLISECOND, 60 * SECOND);

        for (int i = 0; i < RECEIVERS; i++) {
            assertThat(world.receiver(i).share())
                    .as("share of receiver %d", i)
                    .isBetween(0.6 / RECEIVERS, 1.5 / RECEIVERS);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {900_000, 950_000, 1_050_000, 1_100_000})
    void nearlyEqualIsEqual(long serviceNanos) {
        World world = Way.SHORTEST_EXPECTED_DELAY.world();
        world.receiver(3).takes(serviceNanos);

        world.run(HALF_LOAD, 20 * SECOND);

        assertThat(world.receiver(3).share()).isBetween(0.75 / RECEIVERS, 1.35 / RECEIVERS);
    }

    private static void assertFair(World world, Way way) {
        double tolerance = way == Way.SHORTEST_EXPECTED_DELAY ? 0.1 : 0.15;
        for (int i = 0; i < RECEIVERS; i++) {
            assertThat(world.receiver(i).share())
                    .as("share of receiver %d", i)
                    .isBetween((1 - tolerance) / RECEIVERS, (1 + tolerance) / RECEIVERS);
        }
    }

    // ------------------------------------------------------------------ a slow one

    @ParameterizedTest
    @EnumSource(Way.class)
    void slowReceiverGetsWhatItCanTake(Way way) {
        World world = way.world();
        world.receiver(5).takes(10 * SERVICE);
        world.saturate(MANY, 5 * SECOND);
        world.countFromNow();

        world.saturate(MANY, 10 * SECOND);

        double canTake = 0.1 / (RECEIVERS - 1 + 0.1);
        assertThat(world.receiver(5).share()).isBetween(0.6 * canTake, 1.5 * canTake);
        double bound = 10.0 * SECOND / SERVICE * (RECEIVERS - 1 + 0.1);
        assertThat(world.gotByAll() / bound).as("of the bound").isGreaterThan(0.95);
    }

    @Test
    void slowReceiverGetsHardlyAnythingWhileOthersAreIdle() {
        World world = Way.SHORTEST_EXPECTED_DELAY.world();
        world.receiver(5).takes(100 * SERVICE);
        world.run(HALF_LOAD, 5 * SECOND);
        world.countFromNow();

        world.run(HALF_LOAD, 20 * SECOND);

        assertThat(world.receiver(5).got()).as("one every two seconds").isBetween(5L, 12L);
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void recoveredReceiverIsUsedAgainWithinSeconds(Way way) {
        World world = way.world();
        world.receiver(5).takes(100 * SERVICE);
        world.run(HALF_LOAD, 30 * SECOND);

        world.receiver(5).takes(SERVICE);
        world.run(HALF_LOAD, 5 * SECOND);
        world.countFromNow();
        world.run(HALF_LOAD, 5 * SECOND);

        assertThat(world.receiver(5).share()).isGreaterThan(0.7 / RECEIVERS);
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void receiverThatBecomesSlowIsNoticed(Way way) {
        World world = way.world().run(HALF_LOAD, 5 * SECOND);

        world.receiver(5).takes(100 * SERVICE);
        world.run(HALF_LOAD, 2 * SECOND);
        world.countFromNow();
        world.run(HALF_LOAD, 5 * SECOND);

        assertThat(world.receiver(5).share()).isLessThan(0.2 / RECEIVERS);
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void stalledReceiverGetsNothingMore(Way way) {
        World world = way.world().run(HALF_LOAD, 5 * SECOND);

        world.receiver(5).stall();
        long stalledAt = world.now();
        world.run(HALF_LOAD, 10 * SECOND);

        assertThat(world.receiver(5).lastAt() - stalledAt).isLessThan(200 * MILLISECOND);
    }

    @Test
    void stalledReceiverGetsNothingMoreWhenTheSourceIsAhead() {
        World world = Way.SHORTEST_EXPECTED_DELAY.world().saturate(400, 5 * SECOND);

        world.receiver(5).stall();
        long stalledAt = world.now();
        world.countFromNow();
        world.saturate(1_000, 10 * SECOND);

        assertThat(world.receiver(5).lastAt() - stalledAt).isLessThan(SECOND);
        assertThat(world.receiver(5).share()).isLessThan(0.01);
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void manyReceiversAllGetWhatTheyCanTake(Way way) {
        int many = 100;
        World world = new World(many, SERVICE, way.routing);
        for (int i = 0; i < many; i += 10) {
            world.receiver(i).takes(10 * SERVICE);
        }
        world.saturate(50_000, 2 * SECOND);
        world.countFromNow();

        world.saturate(50_000, 5 * SECOND);

        assertThat(world.gotByAll() / (5.0 * SECOND / SERVICE * (90 + 10 * 0.1)))
                .as("of the bound")
                .isGreaterThan(0.95);
        for (int i = 1; i < many; i += 10) {
            assertThat(world.receiver(i).share()).as("share of %d", i).isBetween(0.8 / 91, 1.2 / 91);
        }
    }

    // ------------------------------------------------------------------ who may get nothing

    @ParameterizedTest
    @EnumSource(Way.class)
    void detachedReceiverGetsNothingUntilTheNextAttaches(Way way) {
        World world = way.world().run(HALF_LOAD, SECOND);

        world.receiver(2).detach();
        world.countFromNow();
        world.run(HALF_LOAD, 5 * SECOND);
        long whileDetached = world.receiver(2).got();
        world.receiver(2).attach();
        world.run(HALF_LOAD, 5 * SECOND);

        assertThat(whileDetached).isZero();
        assertThat(world.receiver(2).got()).isPositive();
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void receiverOfNoWeightGetsNothingFromTheNextRecordOn(Way way) {
        World world = way.world().saturate(MANY, SECOND);

        world.receivers().weight(2, 0);
        world.countFromNow();
        world.saturate(MANY, 5 * SECOND);
        long drained = world.receiver(2).got();
        world.receivers().weight(2, 1);
        world.saturate(MANY, 5 * SECOND);

        assertThat(drained).isZero();
        assertThat(world.receiver(2).share()).isGreaterThan(0.3 / RECEIVERS);
    }

    @Test
    void halfTheWeightIsHalfTheQueue() {
        World world = Way.SHORTEST_EXPECTED_DELAY.world();
        world.receivers().weight(2, 0.5);
        world.saturate(MANY, 5 * SECOND);

        long mine = world.receivers().outstandingBytes(2);
        long other = world.receivers().outstandingBytes(3);

        assertThat((double) mine / other).isBetween(0.3, 0.7);
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void withNobodyToChooseTheRecordGoesWhereItWasMeantToGo(Way way) {
        Receivers receivers = new Receivers(3, 100);
        for (int i = 0; i < 3; i++) {
            receivers.detached(i);
        }
        Router router = way.routing.apply(receivers, () -> 0);

        assertThat(router.route(10, 2)).isEqualTo(2);
        assertThat(router.route(10, 1)).isEqualTo(1);
    }

    // ------------------------------------------------------------------ quanta

    @Test
    void fastReceiverGetsWholeBuffersAndASlowOneSingleRecords() {
        long[] now = {0};
        Receivers receivers = new Receivers(2, 1_000);
        receivers.heard(0, ConsumptionWord.of(0, ConsumptionWord.rateCodeOf(1)));
        receivers.heard(1, ConsumptionWord.of(0, ConsumptionWord.rateCodeOf(100_000_000)));
        Router router = World.shortestExpectedDelay(receivers, () -> now[0]);

        assertThat(router.route(100, 0)).isZero();
        receivers.begun(0, true);
        for (int i = 1; i < 10; i++) {
            assertThat(router.route(100, 1)).isZero();
        }
        receivers.weight(0, 0);
        assertThat(router.route(100, 0)).as("nobody else").isEqualTo(1);
        receivers.weight(0, 1);
        assertThat(router.route(100, 0)).as("one record only").isZero();
    }

    @Test
    void decisionStandsForAMillisecondAtMost() {
        long[] now = {0};
        Receivers receivers = new Receivers(2, 1_000_000);
        receivers.heard(0, ConsumptionWord.of(0, ConsumptionWord.rateCodeOf(1)));
        receivers.heard(1, ConsumptionWord.of(0, ConsumptionWord.rateCodeOf(1)));
        Router router = World.shortestExpectedDelay(receivers, () -> now[0]);
        int first = router.route(100, 0);

        now[0] += 2 * MILLISECOND;

        assertThat(router.route(100, 0)).isNotEqualTo(first);
    }

    // ------------------------------------------------------------------ cost

    @ParameterizedTest
    @EnumSource(Way.class)
    void routingAllocatesNothing(Way way) {
        long[] now = {0};
        Receivers receivers = new Receivers(128, World.BUFFER_BYTES);
        for (int i = 0; i < 128; i++) {
            receivers.heard(i, ConsumptionWord.of(0, ConsumptionWord.rateCodeOf(10 + i)));
        }
        Router router = way.routing.apply(receivers, () -> now[0] += 1_000);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long thread = Thread.currentThread().getId();
        route(router, 100_000);

        long before = threads.getThreadAllocatedBytes(thread);
        route(router, 1_000_000);
        long allocated = threads.getThreadAllocatedBytes(thread) - before;

        assertThat(allocated).as("bytes for a million records").isLessThan(10_000);
    }

    private static void route(Router router, int records) {
        for (int i = 0; i < records; i++) {
            router.route(100, 0);
        }
    }
}
