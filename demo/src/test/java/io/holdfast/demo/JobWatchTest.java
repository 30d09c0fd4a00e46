package io.holdfast.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.demo.JobWatch.Change;
import java.util.List;
import org.junit.jupiter.api.Test;

class JobWatchTest {

    private static final List<Change> CHANGES = List.of(
            new Change(100, "CREATED"),
            new Change(200, "RUNNING"),
            new Change(500, "RESTARTING"),
            new Change(650, "RUNNING"),
            new Change(900, "FAILING"));

    @Test
    void addsUpWhatLiesInTheWindow() {
        assertThat(JobWatch.millisNotRunning(CHANGES, 200, 800)).isEqualTo(150);
        assertThat(JobWatch.millisNotRunning(CHANGES, 600, 800)).isEqualTo(50);
        assertThat(JobWatch.millisNotRunning(CHANGES, 200, 500)).isZero();
    }

    @Test
    void theLastStateLastsUntilTheEndOfTheWindow() {
        assertThat(JobWatch.millisNotRunning(CHANGES, 700, 1_000)).isEqualTo(100);
    }
}
