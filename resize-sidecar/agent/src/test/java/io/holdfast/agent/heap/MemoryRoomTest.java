package io.holdfast.agent.heap;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.agent.os.CgroupMemory;
import io.holdfast.agent.os.ProcessMemory;
import org.junit.jupiter.api.Test;

class MemoryRoomTest {
    private static final long MIB = 1 << 20;
    private static final CgroupMemory UNREADABLE = new CgroupMemory(false, CgroupMemory.UNLIMITED, -1, 0);

    private CgroupMemory cgroup = UNREADABLE;
    private final MemoryRoom room = new MemoryRoom(new ProcessMemory(), () -> cgroup);

    @Test
    void cgroupThatCannotBeReadIsNotOneWithoutALimit() {
        assertThat(room.allowance(100 * MIB, 0)).isZero();

        cgroup = new CgroupMemory(true, 400 * MIB, 348 * MIB, 0);
        assertThat(room.allowance(100 * MIB, 0)).isEqualTo(19 * MIB);

        cgroup = UNREADABLE;
        assertThat(room.allowance(100 * MIB, 0)).isEqualTo(19 * MIB);
        assertThat(room.allowance(10 * MIB, 0)).isEqualTo(10 * MIB);
    }

    @Test
    void whatWasTakenOverIsNotOfferedAgainWhileTheCgroupCannotBeRead() {
        cgroup = new CgroupMemory(true, 400 * MIB, 348 * MIB, 0);
        room.allowance(100 * MIB, 0);

        cgroup = UNREADABLE;
        room.spent(15 * MIB);
        assertThat(room.allowance(100 * MIB, 0)).isEqualTo(4 * MIB);
        room.spent(15 * MIB);
        assertThat(room.allowance(100 * MIB, 0)).isZero();
    }
}
