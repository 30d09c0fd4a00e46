package io.holdfast.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ReportPageTest {

    private final String page = ReportPage.render(SampleRuns.holdfast(), SampleRuns.stock());

    @Test
    void showsBothSeriesAndTheirBlows() {
        assertThat(page).containsPattern("<g class='holdfast'>[\\s\\S]*<path class='line' d='M\\d");
        assertThat(page).containsPattern("<g class='stock'>[\\s\\S]*<path class='line' d='M\\d");
        assertThat(page.split("class='mark'", -1)).hasSize(7);
    }

    @Test
    void shadesTheStandstillsOfStockFlinkOnly() {
        assertThat(page.split("class='still'", -1)).hasSize(3);
        assertThat(page.indexOf("class='still'")).isGreaterThan(page.indexOf("<g class='stock'>"));
    }

    @Test
    void fillsEveryPlaceAndNeedsNothingFromOutside() {
        assertThat(page).doesNotContain("{{").doesNotContain("http://").doesNotContain("https://");
        assertThat(page).doesNotContain("<script").contains("prefers-color-scheme: dark");
    }

    @Test
    void showsTheHeadlineNumbersOfBoth() {
        assertThat(page).contains("31 ms").contains("916 ms").contains("4,310").contains("9,685");
        assertThat(page).contains("verdict kept");
    }

    @Test
    void saysSoWhenThePromiseWasBroken() {
        RunResult broken =
                SampleRuns.with(SampleRuns.holdfast(), SampleRuns.holdfast().blows(), List.of("RUNNING", "FAILING"));

        assertThat(ReportPage.render(broken, SampleRuns.stock()))
                .contains("verdict broken")
                .contains("The job left RUNNING: RUNNING → FAILING.");
    }

    @Test
    void axesEndAtRoundNumbers() {
        assertThat(ThroughputChart.niceCeiling(17_600)).isEqualTo(20_000);
        assertThat(ThroughputChart.niceCeiling(2_000)).isEqualTo(2_000);
        assertThat(ThroughputChart.niceCeiling(90)).isEqualTo(100);
    }
}
