package io.holdfast.resize.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.resize.plan.Request.Cause;
import io.holdfast.resize.plan.World.Failure;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What networks, operators, kubelets and agents do in the middle of a resize. */
class ResizeInterferenceTest {
    private static final long MIB = 1 << 20;
    private static final Sizes SMALL = new Sizes(512 * MIB, 384 * MIB, 128 * MIB);
    private static final Sizes LARGE = new Sizes(2355 * MIB, 384 * MIB, 128 * MIB);

    private final Simulation world = new Simulation();

    @BeforeEach
    void growFirst() {
        world.limit = 4096 * MIB;
        world.sizes = LARGE;
        world.run();
        assertThat(world.done).isEmpty();
    }

    @Nested
    class Patches {
        @Test
        void onesWhoseAnswerIsLostAreTakenBackBeforeTheJvmGrows() {
            world.patchReachesCgroup = false;
            world.lostAnswers.put(Step.Patch.class, 1);
            world.request(Cause.REQUEST, 2048 * MIB);

            assertThat(world.kinds()).containsSubsequence("Verify", "Patch", "Patch", "Heap");
            assertThat(world.pod.orElseThrow().limitBytes()).isEqualTo(4096 * MIB);
            assertThat(world.outcome()).isEqualTo(Outcome.FAILED);
            assertThat(world.sizes).isEqualTo(LARGE);
        }

        @Test
        void forMoreWhoseAnswerIsLostAreTakenBackToo() {
            world.patchReachesCgroup = false;
            world.lostAnswers.put(Step.Patch.class, 1);
            world.request(Cause.REQUEST, 6144 * MIB);

            assertThat(world.pod.orElseThrow().limitBytes()).isEqualTo(4096 * MIB);
            assertThat(world.outcome()).isEqualTo(Outcome.FAILED);
        }

        @Test
        void areNotTakenBackOverALimitThatSomebodyElseHasSet() {
            world.patchReachesCgroup = false;
            world.request(Cause.REQUEST, 2048 * MIB);
            assertThat(world.protocol.phase()).isEqualTo(Phase.CONFIRM);

            podAsksFor(6144 * MIB);
            world.limit = 6144 * MIB;
            world.run();

            assertThat(world.pod.orElseThrow().limitBytes()).isEqualTo(6144 * MIB);
            assertThat(world.sizes.heapBytes()).isGreaterThan(LARGE.heapBytes());
        }

        @Test
        void areNotTakenBackOverWhatThePodAsksForMeanwhile() {
            world.patchReachesCgroup = false;
            world.request(Cause.REQUEST, 2048 * MIB);
            podAsksFor(6144 * MIB);
            world.pass(Duration.ofSeconds(91));

            assertThat(world.pod.orElseThrow().limitBytes()).isEqualTo(6144 * MIB);
            assertThat(world.outcome()).isEqualTo(Outcome.TIMED_OUT);
            assertThat(world.sizes).isEqualTo(LARGE);
        }

        @Test
        void thatCannotBeTakenBackEndWhenSomebodyElseSetsALimit() {
            world.patchReachesCgroup = false;
            world.request(Cause.REQUEST, 2048 * MIB);
            world.fail(Step.Patch.class, Failure.Kind.INFEASIBLE);
            world.pass(Duration.ofSeconds(91)).pass(Duration.ofMinutes(10));
            assertThat(world.protocol.phase()).isEqualTo(Phase.ROLLING_BACK);

            podAsksFor(6144 * MIB);
            world.limit = 6144 * MIB;
            world.pass(Duration.ofSeconds(5)).pass(Duration.ofSeconds(1));

            assertThat(world.protocol.phase()).isEqualTo(Phase.STABLE);
            assertThat(world.sizes.heapBytes()).isGreaterThan(LARGE.heapBytes());
        }

        @Test
        void thatWereUndoneBySomebodyElseAreNotUndoneForEver() {
            world.patchReachesCgroup = false;
            world.request(Cause.REQUEST, 2048 * MIB);
            world.fail(Step.Patch.class, Failure.Kind.INFEASIBLE);
            podAsksFor(4096 * MIB);
            world.pass(Duration.ofSeconds(91)).pass(Duration.ofSeconds(6));

            assertThat(world.protocol.phase()).isEqualTo(Phase.STABLE);
            assertThat(world.sizes).isEqualTo(LARGE);
        }
    }

    private void podAsksFor(long bytes) {
        world.pod = Optional.of(new World.Pod(bytes, Optional.empty()));
    }
}
