package io.holdfast.resize.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.resize.plan.Request.Cause;
import io.holdfast.resize.plan.World.Condition;
import io.holdfast.resize.plan.World.Failure;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
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

    @Nested
    class WhatThePodAlreadyHas {
        @Test
        void conditionOfTheLimitBeforeDoesNotEndTheResizeThatCuresIt() {
            Condition before = new Condition(Condition.Kind.INFEASIBLE, "node has 5Gi");
            world.pod = Optional.of(new World.Pod(9216 * MIB, OptionalLong.empty(), Optional.of(before)));
            world.patchReachesCgroup = false;
            world.run().request(Cause.REQUEST, 5120 * MIB).pass(Duration.ofSeconds(9));
            assertThat(world.protocol.phase()).isEqualTo(Phase.WAIT_CGROUP);

            world.pass(Duration.ofSeconds(2));

            assertThat(world.outcome()).as("it says so still").isEqualTo(Outcome.REFUSED);
        }

        @Test
        void requestIsThereAgainAfterARollback() {
            podRequests(3072 * MIB);
            world.patchReachesCgroup = false;
            world.request(Cause.REQUEST, 2048 * MIB);
            assertThat(world.pod.orElseThrow().requestBytes()).hasValue(2048 * MIB);

            world.pass(Duration.ofSeconds(91));

            assertThat(world.pod.orElseThrow().limitBytes()).isEqualTo(4096 * MIB);
            assertThat(world.pod.orElseThrow().requestBytes()).hasValue(3072 * MIB);
        }

        @Test
        void requestIsThereAgainAfterAShrinkAndAGrowth() {
            podRequests(3072 * MIB);
            world.request(Cause.REQUEST, 2048 * MIB);
            world.pass(Duration.ofMinutes(1)).request(Cause.REQUEST, 6144 * MIB);

            assertThat(world.pod.orElseThrow().requestBytes()).hasValue(3072 * MIB);
        }

        @Test
        void requestThatEqualsTheLimitStaysSo() {
            podRequests(4096 * MIB);
            world.request(Cause.REQUEST, 2048 * MIB);
            world.pass(Duration.ofMinutes(1)).request(Cause.REQUEST, 6144 * MIB);

            assertThat(world.pod.orElseThrow().requestBytes()).hasValue(6144 * MIB);
        }

        private void podRequests(long bytes) {
            world.pod = Optional.of(new World.Pod(4096 * MIB, OptionalLong.of(bytes), Optional.empty()));
        }
    }

    @Nested
    class LoweredUnannounced {
        @Test
        void stepThatFailsIsTriedAgain() {
            world.fail(Step.Heap.class, Failure.Kind.AWAY);
            world.limit = 2048 * MIB;
            world.run();
            assertThat(world.outcome()).isEqualTo(Outcome.FAILED);

            world.failures.clear();
            world.pass(Duration.ofSeconds(2));

            assertThat(world.sizes).isEqualTo(SMALL);
            assertThat(world.outcome()).isEqualTo(Outcome.APPLIED);
        }

        @Test
        void heapDoesNotWaitForNetworkBuffersThatTasksHold() {
            world.sizes = new Sizes(2200 * MIB, 568 * MIB, 312 * MIB);
            world.failures.put(Step.Network.class, step -> {
                world.now += world.leftNanos;
                return Optional.of(new Failure(Failure.Kind.TIMEOUT, "buffers are on their way"));
            });
            world.failures.put(
                    Step.Heap.class,
                    step -> world.leftNanos > Duration.ofSeconds(10).toNanos()
                            ? Optional.empty()
                            : Optional.of(new Failure(Failure.Kind.TIMEOUT, "too little time")));
            world.limit = 2048 * MIB;
            world.run();

            assertThat(world.sizes.heapBytes()).isLessThanOrEqualTo(512 * MIB);
        }

        @Test
        void liveDataThatFallsIsGivenUpLater() {
            world.jvm.live(600 * MIB, 700 * MIB);
            world.limit = 2048 * MIB;
            world.run();
            assertThat(world.sizes.heapBytes()).isEqualTo(700 * MIB);
            world.pass(Duration.ofMinutes(6));

            world.jvm.live(300 * MIB, 360 * MIB);
            world.pass(Duration.ofMinutes(5));

            assertThat(world.sizes).isEqualTo(SMALL);
        }

        @Test
        void pauseAfterAFailureIsForThatLimitAlone() {
            world.fail(Step.Heap.class, Failure.Kind.AWAY);
            world.limit = 6144 * MIB;
            world.run();
            for (int i = 0; i < 10; i++) {
                world.pass(Duration.ofMinutes(5));
            }
            world.failures.clear();

            world.limit = 2048 * MIB;
            world.pass(Duration.ofSeconds(1));

            assertThat(world.sizes).isEqualTo(SMALL);
        }
    }

    @Nested
    class CeilingThatGaveWay {
        private static final Sizes GAVE_WAY = new Sizes(1000 * MIB, 384 * MIB, 128 * MIB);

        @Test
        void isLoweredAgainBeforeTheLimitIs() {
            boolean[] once = {true};
            world.afterwards = step -> {
                if (step instanceof Step.Verify && once[0]) {
                    once[0] = false;
                    world.sizes = GAVE_WAY;
                }
            };
            world.request(Cause.REQUEST, 2048 * MIB);

            assertThat(world.kinds())
                    .containsExactly("Check", "Heap", "Trim", "Verify", "Heap", "Trim", "Verify", "Patch");
            assertThat(world.sizes).isEqualTo(SMALL);
        }

        @Test
        void isLoweredAgainWhileTheLimitIsWaitedFor() {
            world.request(Cause.PREPARE, 2048 * MIB);
            world.sizes = GAVE_WAY;
            world.pass(Duration.ofSeconds(1));

            assertThat(world.protocol.phase()).isEqualTo(Phase.READY);
            assertThat(world.sizes).isEqualTo(SMALL);
        }

        @Test
        void isLoweredAgainAfterThePodWasAsked() {
            world.patchReachesCgroup = false;
            world.request(Cause.REQUEST, 2048 * MIB);
            world.sizes = GAVE_WAY;
            world.pass(Duration.ofSeconds(1)).pass(Duration.ofSeconds(1));

            assertThat(world.protocol.phase()).isEqualTo(Phase.CONFIRM);
            assertThat(world.sizes).isEqualTo(SMALL);
        }

        @Test
        void isLoweredAgainUnderTheNewLimit() {
            world.request(Cause.PREPARE, 2048 * MIB);
            world.sizes = GAVE_WAY;
            world.limit = 2048 * MIB;
            world.pass(Duration.ofSeconds(1));

            assertThat(world.outcome()).isEqualTo(Outcome.APPLIED);
            assertThat(world.sizes).isEqualTo(SMALL);
        }

        @Test
        void isNoReasonToHoldForEver() {
            world.request(Cause.PREPARE, 2048 * MIB);
            for (int i = 0; i < 70 && world.lastEnd().isEmpty(); i++) {
                world.sizes = GAVE_WAY;
                world.pass(Duration.ofSeconds(1));
            }

            assertThat(world.outcome()).isEqualTo(Outcome.TIMED_OUT);
            assertThat(world.sizes).isEqualTo(LARGE);
        }

        @Test
        void orUsageThatGrewIsNoLongerReady() {
            world.request(Cause.PREPARE, 2048 * MIB);
            world.usage = 2040 * MIB;
            world.pass(Duration.ofSeconds(1));
            assertThat(world.protocol.phase()).isEqualTo(Phase.PREPARING);

            world.usage = 1900 * MIB;
            world.pass(Duration.ofSeconds(1));
            assertThat(world.protocol.phase()).isEqualTo(Phase.READY);
        }
    }

    @Nested
    class SmallerWishes {
        @Test
        void areNotGrownOverByASidecarThatHasRestarted() {
            Simulation restarted = new Simulation();
            restarted.limit = 4096 * MIB;
            restarted.pod = Optional.of(new World.Pod(2048 * MIB, OptionalLong.empty(), Optional.empty()));
            restarted.run();

            assertThat(restarted.kinds()).doesNotContain("Heap");
            assertThat(restarted.sizes).isEqualTo(SMALL);
        }

        @Test
        void areWaitedForBeforeAnythingGrows() {
            Simulation restarted = new Simulation(NetworkPolicy.WHEN_SHORT, Duration.ofSeconds(10));
            restarted.limit = 4096 * MIB;
            restarted.run().pass(Duration.ofSeconds(9));
            assertThat(restarted.sizes).isEqualTo(SMALL);

            restarted.pass(Duration.ofSeconds(1)); // the API server may never answer
            assertThat(restarted.sizes.heapBytes()).isGreaterThan(2300 * MIB);
        }

        @Test
        void areNotGrownOverByATaskManagerThatHasRestarted() {
            world.patchReachesCgroup = false;
            world.request(Cause.REQUEST, 2048 * MIB);
            world.jvm.started(2000);
            world.run();

            assertThat(world.outcome()).isEqualTo(Outcome.FAILED);
            assertThat(world.sizes).isEqualTo(SMALL);
        }

        @Test
        void thatTimeOutKeepTheJvmSmallUntilTheyAreRevoked() {
            podAsksFor(2048 * MIB);
            world.run();
            assertThat(world.protocol.phase()).isEqualTo(Phase.READY);
            world.pass(Duration.ofSeconds(91)).pass(Duration.ofSeconds(60));
            assertThat(world.outcome()).isEqualTo(Outcome.TIMED_OUT);
            assertThat(world.sizes).isEqualTo(SMALL);

            world.pod = Optional.empty(); // the API server is away for a while
            world.pass(Duration.ofSeconds(20));
            assertThat(world.sizes).isEqualTo(SMALL);

            podAsksFor(4096 * MIB);
            world.pass(Duration.ofSeconds(1));
            assertThat(world.sizes.heapBytes()).isGreaterThan(2300 * MIB);
        }
    }

    @Test
    void withoutABaselineNothingIsPrepared() {
        world.jvm.baselineLimit(-1);

        assertThat(world.admitted(Cause.PREPARE, 2048 * MIB)).isEqualTo(Admission.Kind.REFUSED);
        world.request(Cause.PREPARE, 2048 * MIB);

        assertThat(world.outcome()).isEqualTo(Outcome.REFUSED);
        assertThat(world.reason()).contains("HOLDFAST_RESIZE_BASELINE");
    }

    @Test
    void ceilingThatIsOnlyAimedAtIsTold() {
        world.jvm.soft();
        world.request(Cause.PREPARE, 2048 * MIB);
        assertThat(world.protocol.operation().orElseThrow().remark()).contains("may still use more");
        world.limit = 2048 * MIB;
        world.run();

        assertThat(world.outcome()).isEqualTo(Outcome.APPLIED);
        assertThat(world.reason()).contains("may still use more");
    }

    @Test
    void networkMemoryThatAppearsLaterGetsItsShare() {
        Simulation always = new Simulation(NetworkPolicy.ALWAYS);
        always.jvm.withoutNetwork();
        always.limit = 4096 * MIB;
        always.run().pass(Duration.ofSeconds(31));
        assertThat(always.kinds()).containsExactly("Heap");

        always.jvm = Jvm.of2Gi();
        always.pass(Duration.ofSeconds(1)).pass(Duration.ofSeconds(1));

        assertThat(always.sizes.networkBytes()).isEqualTo(128 * MIB + (long) (2048 * MIB * 0.09));
        assertThat(always.sizes.heapBytes() + always.sizes.networkBytes())
                .isEqualTo(640 * MIB + 2048 * MIB - (long) (2048 * MIB * 0.1));
        int done = always.done.size();
        always.pass(Duration.ofHours(1));
        assertThat(always.done).hasSize(done);
    }

    private void podAsksFor(long bytes) {
        world.pod = Optional.of(new World.Pod(bytes, OptionalLong.empty(), Optional.empty()));
    }
}
