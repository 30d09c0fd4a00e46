package io.holdfast.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TaskManagerMemoryTest {

    @Test
    void whatTheOtherPartsLeaveIsHeap() {
        TaskManagerMemory memory = TaskManagerMemory.of(448, 64, 0);

        assertThat(memory.jvmFlags())
                .containsExactly("-Xms176m", "-Xmx176m", "-XX:MaxDirectMemorySize=128m", "-XX:MaxMetaspaceSize=112m");
        assertThat(memory.options())
                .containsEntry("taskmanager.memory.task.heap.size", "144m")
                .containsEntry("taskmanager.memory.network.min", "64m")
                .containsEntry("taskmanager.memory.network.max", "64m");
    }

    @Test
    void tooLittleHeapIsRefusedWithTheSums() {
        assertThatThrownBy(() -> TaskManagerMemory.of(256, 64, 0))
                .hasMessage("A TaskManager of 256 MiB with 64 MiB network and 0 MiB managed memory has -16 MiB heap,"
                        + " needs 64. Raise taskManagerMemoryMiB or lower the other two.");
    }
}
