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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResizeProtocolTest {
    private static final long MIB = 1 << 20;
    private static final Sizes SMALL = new Sizes(512 * MIB, 384 * MIB, 128 * MIB);
    private static final Sizes LARGE = new Sizes(2355 * MIB, 384 * MIB, 128 * MIB);

    private final Simulation world = new Simulation();

    @Test
    void nothingHappensWhileNothingChanges() {
        world.run().pass(Duration.ofHours(1));

        assertThat(world.done).isEmpty();
        assertThat(world.reports).isEmpty();
    }

    @Nested
    class Growing {
        @Test
        void limitThatHasGrownIsFollowed() {
            world.run();
            world.limit = 4096 * MIB;
            world.run();

            assertThat(world.kinds()).containsExactly("Heap");
            assertThat(world.outcome()).isEqualTo(Outcome.APPLIED);
            assertThat(world.sizes.heapBytes()).isGreaterThan(2300 * MIB);
        }

        @Test
        void roomForDirectMemoryComesBeforeTheBuffers() {
            world.jvm.networkUsed(127 * MIB);
            world.limit = 4096 * MIB;
            world.run();

            assertThat(world.kinds()).containsExactly("Direct", "Heap", "Network");
        }

        @Test
        void requestSetsTheLimitFirst() {
            world.run().request(Cause.REQUEST, 4096 * MIB);

            assertThat(world.kinds()).containsExactly("Patch", "Heap");
            assertThat(world.outcome()).isEqualTo(Outcome.APPLIED);
        }

        @Test
        void jvmWaitsForTheCgroupNotForTheApiServer() {
            world.patchReachesCgroup = false;
            world.run().request(Cause.REQUEST, 4096 * MIB);

            assertThat(world.protocol.phase()).isEqualTo(Phase.WAIT_CGROUP);
            assertThat(world.sizes).isEqualTo(SMALL);

            world.limit = 4096 * MIB;
            world.run();

            assertThat(world.outcome()).isEqualTo(Outcome.APPLIED);
        }

        @Test
        void nodeThatCannotIsAskedNoLonger() {
            world.patchReachesCgroup = false;
            world.run().request(Cause.REQUEST, 4096 * MIB);
            world.pod = Optional.of(new World.Pod(
                    4096 * MIB,
                    OptionalLong.empty(),
                    Optional.of(new Condition(Condition.Kind.INFEASIBLE, "node has 3Gi"))));
            world.run();

            assertThat(world.outcome()).isEqualTo(Outcome.REFUSED);
            assertThat(world.reason()).contains("node has 3Gi");
            assertThat(world.pod.orElseThrow().limitBytes()).isEqualTo(2048 * MIB);
        }

        @Test
        void nodeThatIsNeverReadyIsAskedNoLongerInTheEnd() {
            world.patchReachesCgroup = false;
            world.run().request(Cause.REQUEST, 4096 * MIB);
            world.pass(Duration.ofSeconds(91));

            assertThat(world.outcome()).isEqualTo(Outcome.TIMED_OUT);
            assertThat(world.pod.orElseThrow().limitBytes()).isEqualTo(2048 * MIB);
        }

        @Test
        void refusedPatchChangesNothing() {
            world.fail(Step.Patch.class, Failure.Kind.INFEASIBLE);
            world.run().request(Cause.REQUEST, 4096 * MIB);

            assertThat(world.outcome()).isEqualTo(Outcome.REFUSED);
            assertThat(world.sizes).isEqualTo(SMALL);
            assertThat(world.done).isEmpty();
        }

        @Test
        void growthThatFailsIsTriedAgainWithPauses() {
            world.fail(Step.Heap.class, Failure.Kind.AWAY);
            world.limit = 4096 * MIB;
            world.run();
            assertThat(world.outcome()).isEqualTo(Outcome.FAILED);
            int reports = world.reports.size();
            world.pass(Duration.ofMillis(500));
            assertThat(world.reports).hasSize(reports);

            world.failures.clear();
            world.pass(Duration.ofSeconds(2));

            assertThat(world.outcome()).isEqualTo(Outcome.APPLIED);
        }

        @Test
        void networkMemoryOfATaskManagerThatStartsIsWaitedFor() {
            world.jvm.withoutNetwork();
            world.limit = 4096 * MIB;
            world.run().pass(Duration.ofSeconds(29));
            assertThat(world.done).as("its share would go to the heap").isEmpty();

            world.pass(Duration.ofSeconds(2));

            assertThat(world.kinds()).as("it has none").containsExactly("Heap");
        }

        @Test
        void restartedSidecarFinishesWhatItFinds() {
            world.limit = 4096 * MIB; // sizes are still those of a shrink that nobody finished
            world.run();

            assertThat(world.sizes.heapBytes()).isGreaterThan(2300 * MIB);
        }
    }

    @Nested
    class Shrinking {
        @BeforeEach
        void growFirst() {
            world.limit = 4096 * MIB;
            world.sizes = LARGE;
            world.run();
            assertThat(world.done).isEmpty();
        }

        @Test
        void limitIsLoweredOnlyAfterTheJvmAndItsUsage() {
            world.request(Cause.REQUEST, 2048 * MIB);

            assertThat(world.kinds()).containsExactly("Check", "Heap", "Trim", "Verify", "Patch");
            assertThat(world.outcome()).isEqualTo(Outcome.APPLIED);
            assertThat(world.limit).isEqualTo(2048 * MIB);
            assertThat(world.sizes).isEqualTo(SMALL);
        }

        @Test
        void buffersAreGivenBackBeforeTheLimitTheyCountAgainst() {
            world.sizes = new Sizes(2200 * MIB, 568 * MIB, 312 * MIB);
            world.run().request(Cause.REQUEST, 2048 * MIB);

            assertThat(world.kinds()).containsExactly("Check", "Network", "Direct", "Heap", "Trim", "Verify", "Patch");
        }

        @Test
        void directMemoryThatIsStillCountedIsTriedAgainAfterATrim() {
            world.sizes = new Sizes(2200 * MIB, 568 * MIB, 312 * MIB);
            world.failures.put(
                    Step.Direct.class,
                    any -> world.kinds().contains("Trim")
                            ? Optional.empty()
                            : Optional.of(new Failure(Failure.Kind.INFEASIBLE, "in use")));
            world.run().request(Cause.REQUEST, 2048 * MIB);

            assertThat(world.outcome()).isEqualTo(Outcome.APPLIED);
            assertThat(world.kinds()).startsWith("Check", "Network", "Trim", "Direct");
        }

        @Test
        void pageCacheIsWaitedFor() {
            world.usage = 2000 * MIB;
            world.request(Cause.REQUEST, 2048 * MIB);
            assertThat(world.protocol.phase()).isEqualTo(Phase.PREPARING);

            world.usage = 1980 * MIB;
            world.pass(Duration.ofSeconds(1));

            assertThat(world.outcome()).isEqualTo(Outcome.APPLIED);
        }

        @Test
        void usageThatStaysRollsBackAndSaysWhatWasInTheWay() {
            world.usage = 2000 * MIB;
            world.request(Cause.REQUEST, 2048 * MIB);
            world.pass(Duration.ofSeconds(31));

            assertThat(world.outcome()).isEqualTo(Outcome.TIMED_OUT);
            assertThat(world.reason()).contains("usage 2000Mi");
            assertThat(world.sizes).isEqualTo(LARGE);
            assertThat(world.limit).isEqualTo(4096 * MIB);
        }

        @ParameterizedTest
        @ValueSource(strings = {"Network", "Direct", "Heap", "Trim", "Patch"})
        void anyStepThatFailsLeavesTheSizesAsTheyWere(String failing) {
            Sizes before = new Sizes(2200 * MIB, 568 * MIB, 312 * MIB);
            world.sizes = before;
            boolean[] failed = {false};
            for (Class<?> step : Step.class.getPermittedSubclasses()) {
                if (step.getSimpleName().equals(failing)) {
                    world.failures.put(step.asSubclass(Step.class), any -> {
                        boolean first = !failed[0];
                        failed[0] = true;
                        return first ? Optional.of(new Failure(Failure.Kind.TIMEOUT, "no")) : Optional.empty();
                    });
                }
            }
            world.run().request(Cause.REQUEST, 2048 * MIB);

            assertThat(world.outcome()).isEqualTo(Outcome.TIMED_OUT);
            assertThat(world.sizes).isEqualTo(before);
            assertThat(world.limit).isEqualTo(4096 * MIB);
        }

        @Test
        void liveDataIsMeasuredBeforeARefusal() {
            world.jvm.live(-1, 1000 * MIB);
            world.request(Cause.REQUEST, 2048 * MIB);

            assertThat(world.kinds()).containsExactly("Check", "Live");
            assertThat(world.outcome()).isEqualTo(Outcome.REFUSED);
            assertThat(world.sizes).isEqualTo(LARGE);
        }

        @Test
        void whatTheApiServerWouldRefuseIsNotEvenPrepared() {
            world.fail(Step.Check.class, Failure.Kind.INFEASIBLE);
            world.request(Cause.REQUEST, 2048 * MIB);

            assertThat(world.outcome()).isEqualTo(Outcome.REFUSED);
            assertThat(world.done).isEmpty();
        }

        @Test
        void kubeletThatNeverDoesItGetsTheOldLimitBackFirst() {
            world.patchReachesCgroup = false;
            world.request(Cause.REQUEST, 2048 * MIB);
            assertThat(world.protocol.phase()).isEqualTo(Phase.CONFIRM);
            world.done.clear();

            world.pass(Duration.ofSeconds(91));

            assertThat(world.done.get(0)).isEqualTo(new Step.Patch(4096 * MIB, OptionalLong.empty()));
            assertThat(world.sizes).isEqualTo(LARGE);
            assertThat(world.outcome()).isEqualTo(Outcome.TIMED_OUT);
        }

        @Test
        void jvmStaysSmallWhileItsLimitMayStillBeLowered() {
            world.patchReachesCgroup = false;
            world.request(Cause.REQUEST, 2048 * MIB);
            world.fail(Step.Patch.class, Failure.Kind.OTHER);
            world.pass(Duration.ofSeconds(91)).pass(Duration.ofSeconds(60));
            assertThat(world.protocol.phase()).isEqualTo(Phase.ROLLING_BACK);
            assertThat(world.sizes).isEqualTo(SMALL);

            world.limit = 2048 * MIB;
            world.pass(Duration.ofSeconds(1));

            assertThat(world.outcome()).isEqualTo(Outcome.APPLIED);
            assertThat(world.sizes).isEqualTo(SMALL);
        }

        @Test
        void cancelledUntilReady() {
            world.usage = 2000 * MIB;
            world.request(Cause.REQUEST, 2048 * MIB);
            world.cancel = true;
            world.pass(Duration.ofSeconds(1));

            assertThat(world.outcome()).isEqualTo(Outcome.CANCELLED);
            assertThat(world.sizes).isEqualTo(LARGE);
        }

        @Test
        void preparedJvmIsHeldUntilTheLimitIsLowered() {
            world.request(Cause.PREPARE, 2048 * MIB);
            assertThat(world.protocol.phase()).isEqualTo(Phase.READY);
            assertThat(world.kinds()).doesNotContain("Patch", "Check");
            world.pass(Duration.ofSeconds(50));
            assertThat(world.sizes).isEqualTo(SMALL);

            world.limit = 2048 * MIB;
            world.run();

            assertThat(world.outcome()).isEqualTo(Outcome.APPLIED);
            assertThat(world.sizes).isEqualTo(SMALL);
        }

        @Test
        void preparedJvmGetsItsMemoryBackWhenNobodyLowersTheLimit() {
            world.request(Cause.PREPARE, 2048 * MIB).pass(Duration.ofSeconds(61));

            assertThat(world.outcome()).isEqualTo(Outcome.TIMED_OUT);
            assertThat(world.sizes).isEqualTo(LARGE);
        }

        @Test
        void pageCacheThatGrowsWhileReadyIsWaitedForAgain() {
            world.request(Cause.PREPARE, 2048 * MIB);
            world.usage = 2040 * MIB;
            world.pass(Duration.ofSeconds(1));
            assertThat(world.protocol.step()).containsInstanceOf(Step.Verify.class);

            world.limit = 2048 * MIB; // set all the same
            world.pass(Duration.ofSeconds(1));

            assertThat(world.outcome()).isEqualTo(Outcome.APPLIED);
        }

        @Test
        void limitLoweredTooSoonIsFollowedWithoutWaiting() {
            world.usage = 2000 * MIB;
            world.request(Cause.PREPARE, 2048 * MIB);
            world.limit = 2048 * MIB;
            world.pass(Duration.ofSeconds(1));

            assertThat(world.outcome()).isEqualTo(Outcome.APPLIED);
            assertThat(world.sizes).isEqualTo(SMALL);
        }

        @Test
        void limitRaisedAgainWhileTheJvmShrinksIsFollowed() {
            world.failures.put(Step.Trim.class, step -> {
                world.limit = 4096 * MIB;
                return Optional.empty();
            });
            world.limit = 2048 * MIB;
            world.run().pass(Duration.ofSeconds(2));

            assertThat(world.done).contains(new Step.Heap(SMALL.heapBytes()));
            assertThat(world.sizes.heapBytes()).isGreaterThan(2300 * MIB);
        }

        @Test
        void memoryThatTheContainerNoLongerHasIsNotGivenBack() {
            world.failures.put(Step.Trim.class, any -> {
                world.limit = 2048 * MIB; // while the step that fails is under way
                return Optional.of(new Failure(Failure.Kind.OTHER, "no"));
            });
            world.request(Cause.PREPARE, 2048 * MIB);

            assertThat(world.sizes).isEqualTo(SMALL);
            assertThat(world.kinds()).containsExactly("Heap");
            assertThat(world.lastEnd().orElseThrow().reason()).isEqualTo("no");
        }

        @Test
        void limitLoweredWhileRollingBackStopsThat() {
            world.sizes = new Sizes(2200 * MIB, 568 * MIB, 312 * MIB);
            world.run();
            world.usage = 2000 * MIB;
            world.request(Cause.PREPARE, 2048 * MIB);
            world.failures.put(Step.Direct.class, any -> {
                world.limit = 2048 * MIB;
                return Optional.empty();
            });
            world.pass(Duration.ofSeconds(31));

            assertThat(world.done).doesNotContain(new Step.Heap(2200 * MIB), new Step.Network(312 * MIB));
            world.failures.clear();
            world.pass(Duration.ofSeconds(2));
            assertThat(world.sizes).isEqualTo(SMALL);
        }

        @Test
        void limitLoweredUnannouncedIsFollowedAsFarAsPossible() {
            world.jvm.live(600 * MIB, 700 * MIB);
            world.limit = 2048 * MIB;
            world.run();

            assertThat(world.sizes.heapBytes()).isEqualTo(700 * MIB);
            assertThat(world.outcome()).isEqualTo(Outcome.APPLIED);
            assertThat(world.reports.get(0))
                    .isInstanceOfSatisfying(
                            Turn.Report.Begun.class,
                            begun -> assertThat(begun.remark()).contains("below", "least is 700Mi"));
            int done = world.done.size();
            world.pass(Duration.ofHours(1));
            assertThat(world.done).as("not again and again").hasSize(done);
        }

        @Test
        void shrinkThatThePodAsksForIsPreparedAndNotPatched() {
            world.pod = Optional.of(new World.Pod(2048 * MIB, OptionalLong.empty(), Optional.empty()));
            world.pass(Duration.ofSeconds(11));
            assertThat(world.protocol.phase()).isEqualTo(Phase.READY);
            assertThat(world.kinds()).doesNotContain("Patch");

            world.limit = 2048 * MIB; // the kubelet tried again
            world.run();

            assertThat(world.outcome()).isEqualTo(Outcome.APPLIED);
        }

        @Test
        void shrinkThatThePodNoLongerAsksForIsTakenBack() {
            world.pod = Optional.of(new World.Pod(2048 * MIB, OptionalLong.empty(), Optional.empty()));
            world.run();
            world.pod = Optional.of(new World.Pod(4096 * MIB, OptionalLong.empty(), Optional.empty()));
            world.run();

            assertThat(world.outcome()).isEqualTo(Outcome.SUPERSEDED);
            assertThat(world.sizes).isEqualTo(LARGE);
        }

        @Test
        void refusedWishOfThePodIsNotTriedAgainAtOnce() {
            world.jvm.live(900 * MIB, 1000 * MIB);
            world.pod = Optional.of(new World.Pod(2048 * MIB, OptionalLong.empty(), Optional.empty()));
            world.run();
            assertThat(world.outcome()).isEqualTo(Outcome.REFUSED);
            int reports = world.reports.size();
            world.pass(Duration.ofMinutes(4));
            assertThat(world.reports).hasSize(reports);

            world.jvm.live(300 * MIB, 360 * MIB);
            world.pass(Duration.ofMinutes(2));

            assertThat(world.protocol.phase()).isEqualTo(Phase.READY);
        }

        @Test
        void taskManagerThatRestartsInTheMiddleKeepsTheSizesOfItsStart() {
            world.usage = 2000 * MIB;
            world.request(Cause.REQUEST, 2048 * MIB);
            world.jvm.started(2000);
            world.sizes = LARGE;
            world.pass(Duration.ofSeconds(1));

            assertThat(world.outcome()).isEqualTo(Outcome.FAILED);
            assertThat(world.reason()).contains("restarted");
            assertThat(world.sizes).isEqualTo(LARGE);
        }

        @Test
        void belowTheSmallestLimitIsRefused() {
            assertThat(world.admitted(Cause.REQUEST, 1024 * MIB)).isEqualTo(Admission.Kind.REFUSED);
            world.pod = Optional.of(new World.Pod(1024 * MIB, OptionalLong.empty(), Optional.empty()));
            world.run();

            assertThat(world.outcome()).isEqualTo(Outcome.REFUSED);
            assertThat(world.sizes).isEqualTo(LARGE);
        }
    }

    @Nested
    class Asking {
        @Test
        void sameTargetIsTheSameRequest() {
            world.limit = 4096 * MIB;
            world.sizes = LARGE;
            world.run().request(Cause.PREPARE, 2048 * MIB);

            assertThat(world.admitted(Cause.PREPARE, 2048 * MIB)).isEqualTo(Admission.Kind.SAME);
            assertThat(world.admitted(Cause.PREPARE, 3072 * MIB)).isEqualTo(Admission.Kind.BUSY);
        }

        @Test
        void smallChangesAreNone() {
            world.run();

            assertThat(world.admitted(Cause.REQUEST, 2048 * MIB)).isEqualTo(Admission.Kind.UNCHANGED);
            assertThat(world.admitted(Cause.REQUEST, 2048 * MIB + 31 * MIB)).isEqualTo(Admission.Kind.UNCHANGED);
            assertThat(world.admitted(Cause.REQUEST, 2048 * MIB + 32 * MIB)).isEqualTo(Admission.Kind.ACCEPTED);

            world.limit += 31 * MIB;
            world.run();
            assertThat(world.done).isEmpty();
        }

        @Test
        void manySmallChangesAreOneLargeOne() {
            world.run();
            for (int i = 0; i < 4; i++) {
                world.limit += 16 * MIB;
                world.run();
            }

            assertThat(world.kinds()).containsExactly("Heap");
        }

        @Test
        void nextOneWaitsForAWhile() {
            world.run().request(Cause.REQUEST, 4096 * MIB);

            assertThat(world.admitted(Cause.REQUEST, 2048 * MIB)).isEqualTo(Admission.Kind.TOO_SOON);
            world.pass(Duration.ofSeconds(10));
            assertThat(world.admitted(Cause.REQUEST, 2048 * MIB)).isEqualTo(Admission.Kind.ACCEPTED);
        }

        @Test
        void withoutAnAgentThereIsNothingToAskFor() {
            world.agentAway = true;
            world.run();

            assertThat(world.admitted(Cause.REQUEST, 4096 * MIB)).isEqualTo(Admission.Kind.UNAVAILABLE);
        }

        @Test
        void moreThanTheLargestLimitIsRefused() {
            assertThat(world.admitted(Cause.REQUEST, 8193 * MIB)).isEqualTo(Admission.Kind.REFUSED);
        }

        @Test
        void growthNeedsNoPreparation() {
            assertThat(world.admitted(Cause.PREPARE, 4096 * MIB)).isEqualTo(Admission.Kind.UNCHANGED);
        }
    }
}
