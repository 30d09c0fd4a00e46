package io.holdfast.resize.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class MemoryPlannerTest {
    private static final MemoryPlanner PLANNER = planner(NetworkPolicy.WHEN_SHORT);

    @Test
    void whatIsAddedGoesToTheHeapExceptForATenth() {
        Sizes sizes = PLANNER.grown(mib(4096), Jvm.of2Gi().build());

        assertThat(sizes).isEqualTo(new Sizes(mib(512) + mib(2048) * 9 / 10 + 1, mib(384), mib(128)));
    }

    @Test
    void networkMemoryThatIsShortGetsItsShareAndDirectMemoryTheRoomForIt() {
        Sizes sizes = PLANNER.grown(mib(4096), Jvm.of2Gi().networkUsed(mib(120)).build());

        long share = (long) (mib(2048) * 0.09);
        assertThat(sizes.networkBytes()).isEqualTo(mib(128) + share);
        assertThat(sizes.directBytes()).isEqualTo(mib(384) + share);
        assertThat(sizes.heapBytes() + sizes.networkBytes()).isEqualTo(mib(640) + mib(2048) - (long) (mib(2048) * 0.1));
    }

    @ParameterizedTest
    @EnumSource(NetworkPolicy.class)
    void policyDecidesAboutNetworkMemoryThatHasRoom(NetworkPolicy policy) {
        Sizes sizes = planner(policy).grown(mib(4096), Jvm.of2Gi().build());

        assertThat(sizes.networkBytes() > mib(128)).isEqualTo(policy == NetworkPolicy.ALWAYS);
    }

    @Test
    void networkMemoryStaysWithinItsBounds() {
        Sizes sizes = planner(NetworkPolicy.ALWAYS)
                .grown(mib(4096), Jvm.of2Gi().networkMax(mib(150)).build());

        assertThat(sizes.networkBytes()).isEqualTo(mib(150));
        assertThat(sizes.directBytes()).isEqualTo(mib(406));
    }

    @Test
    void networkMemoryThatGetsShortLaterDoesNotGetTheSlack() {
        TaskManager grown = Jvm.of2Gi()
                .sizes(PLANNER.grown(mib(4096), Jvm.of2Gi().build()))
                .networkUsed(mib(127))
                .build();

        Sizes sizes = PLANNER.grown(mib(4096), grown);

        assertThat(sizes).isEqualTo(grown.sizes());
        Sizes more = PLANNER.grown(mib(5120), grown);
        assertThat(more.heapBytes() + more.networkBytes()).isEqualTo(mib(640) + mib(3072) - (long) (mib(3072) * 0.1));
        assertThat(more.networkBytes()).isGreaterThan(mib(128));
    }

    @Test
    void heapNeverGrowsPastWhatTheJvmReserved() {
        assertThat(PLANNER.grown(mib(65_536), Jvm.of2Gi().build()).heapBytes()).isEqualTo(mib(4096));
    }

    @Test
    void withoutElasticNetworkMemoryAllIsHeap() {
        Sizes sizes = planner(NetworkPolicy.ALWAYS)
                .grown(mib(3072), Jvm.of2Gi().withoutNetwork().build());

        assertThat(sizes).isEqualTo(new Sizes(mib(512) + mib(1024) - (long) (mib(1024) * 0.1), mib(384), 0));
    }

    @Test
    void shrinkingTakesBackWhatGrowingGave() {
        TaskManager small = Jvm.of2Gi().networkUsed(mib(120)).build();
        Sizes large = PLANNER.grown(mib(4096), small);
        TaskManager grown = Jvm.of2Gi().sizes(large).networkUsed(mib(10)).build();

        Split split = PLANNER.shrunk(mib(2048), grown);

        assertThat(split.infeasible()).isEmpty();
        assertThat(split.sizes()).isEqualTo(small.sizes());
    }

    @Test
    void networkMemoryThatIsInUseStaysAndTheHeapPaysForIt() {
        Sizes large = planner(NetworkPolicy.ALWAYS).grown(mib(4096), Jvm.of2Gi().build());
        TaskManager grown = Jvm.of2Gi().sizes(large).networkFloor(mib(200)).build();

        Split split = PLANNER.shrunk(mib(2048), grown);

        assertThat(split.sizes()).isEqualTo(new Sizes(mib(512 - 72), mib(384 + 72), mib(200)));
    }

    @Test
    void belowTheBaselineTheHeapAlonePays() {
        Split split = PLANNER.shrunk(mib(1900), Jvm.of2Gi().build());

        assertThat(split.infeasible()).isEmpty();
        assertThat(split.sizes()).isEqualTo(new Sizes(mib(512 - 148), mib(384), mib(128)));
    }

    @Test
    void heapThatIsAliveIsAReasonToRefuseWithItsNumbers() {
        TaskManager grown = Jvm.of2Gi()
                .sizes(new Sizes(mib(2000), mib(384), mib(128)))
                .live(mib(700), mib(824))
                .build();

        Split split = PLANNER.shrunk(mib(2048), grown);

        assertThat(split.infeasible()).contains("It leaves 512Mi of heap, and the least is 824Mi (live data 700Mi)");
        assertThat(split.sizes().heapBytes()).isEqualTo(mib(824));
    }

    @Test
    void leastHeapMayBeSet() {
        MemoryPlanner planner =
                new MemoryPlanner(OptionalLong.empty(), OptionalLong.of(mib(600)), NetworkPolicy.WHEN_SHORT);
        TaskManager grown =
                Jvm.of2Gi().sizes(new Sizes(mib(2000), mib(384), mib(128))).build();

        assertThat(planner.shrunk(mib(2048), grown).infeasible().orElseThrow())
                .contains("HOLDFAST_RESIZE_HEAP_FLOOR 600Mi");
    }

    @ParameterizedTest(name = "baseline {0}, at the start {1} -> {2}")
    @CsvSource({"-1, 2048, 2048", "1024, 2048, 1024", "1024, -1, 1024", "-1, -1, -1"})
    void baselineIsTheSettingOrTheLimitAtTheStart(long setting, long atStart, long expected) {
        MemoryPlanner planner = new MemoryPlanner(
                setting < 0 ? OptionalLong.empty() : OptionalLong.of(setting),
                OptionalLong.empty(),
                NetworkPolicy.NEVER);

        assertThat(planner.baseline(Jvm.of2Gi().baselineLimit(atStart).build()).orElse(-1))
                .isEqualTo(expected);
    }

    @Test
    void afterARestartUnderALargerLimitTheSettingSaysWhatWasAdded() {
        MemoryPlanner planner =
                new MemoryPlanner(OptionalLong.of(mib(2048)), OptionalLong.empty(), NetworkPolicy.NEVER);

        Sizes sizes =
                planner.grown(mib(4096), Jvm.of2Gi().baselineLimit(mib(4096)).build());

        assertThat(sizes.heapBytes()).isGreaterThan(mib(2300));
    }

    private static MemoryPlanner planner(NetworkPolicy policy) {
        return new MemoryPlanner(OptionalLong.empty(), OptionalLong.empty(), policy);
    }

    private static long mib(long number) {
        return number << 20;
    }
}
