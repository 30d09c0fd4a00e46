package io.holdfast.demo;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FiguresTest {

    @Test
    void timesHaveThreeDigits() {
        assertThat(Figures.millis(0)).isEqualTo("0 ms");
        assertThat(Figures.millis(999)).isEqualTo("999 ms");
        assertThat(Figures.millis(1_778)).isEqualTo("1.78 s");
        assertThat(Figures.millis(12_430)).isEqualTo("12.4 s");
    }

    @Test
    void sharesNeverRoundASomethingToNothing() {
        assertThat(Figures.share(0, 10)).isEqualTo("0");
        assertThat(Figures.share(5, 200)).isEqualTo("5 (2.50 %)");
        assertThat(Figures.share(1, 1_000_000)).isEqualTo("1 (< 0.01 %)");
    }
}
