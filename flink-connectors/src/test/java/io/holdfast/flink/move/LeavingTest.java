package io.holdfast.flink.move;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.junit.jupiter.api.Test;

class LeavingTest {

    private static final ResourceID TASK_MANAGER = new ResourceID("taskmanager-1");

    private static final Leaving.Wish SIDECAR = new Leaving.Wish("move-1", "sidecar");
    private static final Leaving.Wish GUARD = new Leaving.Wish("move-1", "guard");

    private long now = 1_000;
    private final Leaving leaving = new Leaving(() -> now);

    @Test
    void taskManagerLeavesUntilItsTimeIsOver() {
        leaving.add(TASK_MANAGER, SIDECAR, 2_000);
        now = 1_999;
        assertThat(leaving.contains(TASK_MANAGER)).isTrue();

        now = 2_000;

        assertThat(leaving.contains(TASK_MANAGER)).isFalse();
        assertThat(leaving.asMap()).isEmpty();
    }

    @Test
    void earlierTimeDoesNotShortenIt() {
        leaving.add(TASK_MANAGER, SIDECAR, 2_000);
        leaving.add(TASK_MANAGER, SIDECAR, 1_500);
        now = 1_800;

        assertThat(leaving.asMap()).containsEntry(TASK_MANAGER, 2_000L);
    }

    @Test
    void taskManagerThatStaysAfterAllDoesNotLeave() {
        leaving.add(TASK_MANAGER, SIDECAR, 2_000);

        leaving.withdraw(TASK_MANAGER, wish -> true);

        assertThat(leaving.contains(TASK_MANAGER)).isFalse();
    }

    @Test
    void taskManagerLeavesAsLongAsSomebodyWantsIt() {
        leaving.add(TASK_MANAGER, SIDECAR, 3_000);
        leaving.add(TASK_MANAGER, GUARD, 2_000);
        assertThat(leaving.requesters(TASK_MANAGER)).containsExactly("sidecar", "guard");

        leaving.withdraw(TASK_MANAGER, wish -> wish.requester().equals("sidecar"));
        assertThat(leaving.contains(TASK_MANAGER)).isTrue();
        assertThat(leaving.asMap()).containsEntry(TASK_MANAGER, 2_000L);
        leaving.withdraw(TASK_MANAGER, wish -> wish.requester().equals("guard"));

        assertThat(leaving.contains(TASK_MANAGER)).isFalse();
    }

    @Test
    void whoWithdrawsDoesSoForAllThatHeHadNamedTogether() {
        ResourceID other = new ResourceID("taskmanager-2");
        ResourceID third = new ResourceID("taskmanager-3");
        leaving.add(TASK_MANAGER, SIDECAR, 3_000);
        leaving.add(other, SIDECAR, 3_000);
        leaving.add(other, GUARD, 2_000);
        leaving.add(third, new Leaving.Wish("move-2", "sidecar"), 3_000);

        leaving.withdraw(TASK_MANAGER, "sidecar");

        assertThat(leaving.asMap()).containsOnlyKeys(other, third).containsEntry(other, 2_000L);
    }

    @Test
    void taskManagerLeavesAsLongAsAMoveFromItGoesOn() {
        leaving.begin(List.of(TASK_MANAGER));
        leaving.begin(List.of(TASK_MANAGER));
        leaving.add(TASK_MANAGER, SIDECAR, 1_000); // which is over already

        leaving.end(List.of(TASK_MANAGER));
        assertThat(leaving.contains(TASK_MANAGER)).isTrue();
        leaving.end(List.of(TASK_MANAGER));

        assertThat(leaving.contains(TASK_MANAGER)).isFalse();
    }
}
