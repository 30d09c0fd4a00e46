package io.holdfast.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class FiguresTest {

    @Test
    void medianOfAnOddNumberIsTheMiddleOne() {
        assertThat(Figures.median(List.of(9, 1, 5))).isEqualTo(5);
    }

    @Test
    void medianOfAnEvenNumberLiesBetweenTheMiddleTwo() {
        assertThat(Figures.median(List.of(9L, 1L, 5L, 6L))).isEqualTo(5.5);
    }

    @Test
    void nothingHasNoMedianAndNoMaximum() {
        assertThat(Figures.median(List.of())).isNaN();
        assertThat(Figures.max(List.of())).isNaN();
    }

    @Test
    void aPercentileIsAValueThatWasSeen() {
        assertThat(Figures.percentile(List.of(30, 10, 20, 40), 50)).isEqualTo(20);
        assertThat(Figures.percentile(List.of(30, 10, 20, 40), 99)).isEqualTo(40);
        assertThat(Figures.percentile(List.of(30), 1)).isEqualTo(30);
        assertThat(Figures.percentile(List.of(), 50)).isNaN();
        assertThat(Figures.ratio(0, 0)).isNaN();
    }
}
