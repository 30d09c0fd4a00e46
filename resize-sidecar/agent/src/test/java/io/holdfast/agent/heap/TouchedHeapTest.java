package io.holdfast.agent.heap;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TouchedHeapTest {
    private final TouchedHeap heap = new TouchedHeap();

    @Test
    void whatWasUsedAtItsFullestIsTouched() {
        heap.saw(700);

        assertThat(heap.untouched(300, 1000, 0, 1000)).isEqualTo(300);
        assertThat(heap.untouched(800, 1000, 0, 1000)).isEqualTo(200);
        assertThat(heap.untouched(100, 1000, 0, 1000)).isEqualTo(200);
    }

    @Test
    void whatTheJvmGaveBackIsNotTouchedAnyMore() {
        heap.saw(700);

        assertThat(heap.untouched(300, 400, 0, 1000)).isEqualTo(600);
        assertThat(heap.untouched(300, 1000, 0, 1000)).isEqualTo(600);
    }

    @Test
    void whatABalloonTookMayHaveBeenTheTouchedPart() {
        heap.saw(700);

        assertThat(heap.untouched(300, 1000, 200, 800)).isEqualTo(500);
        heap.saw(750);
        assertThat(heap.untouched(300, 1000, 100, 900)).isEqualTo(150);
    }
}
