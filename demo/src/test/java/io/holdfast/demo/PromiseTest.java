package io.holdfast.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.demo.RunResult.Blow;
import io.holdfast.demo.RunResult.Kind;
import io.holdfast.demo.RunResult.Moved;
import java.util.List;
import org.junit.jupiter.api.Test;

class PromiseTest {

    @Test
    void isKeptWhenOnlyWhatWasHitRestarts() {
        assertThat(Promise.broken(SampleRuns.holdfast())).isEmpty();
    }

    @Test
    void isBrokenWhenOthersRestartToo() {
        RunResult run = SampleRuns.with(
                SampleRuns.holdfast(),
                List.of(new Blow(Kind.TASK, "airport-stats 1", SampleRuns.START_MILLIS, 1, 16, 0, 0, 0)),
                List.of("RUNNING"));

        assertThat(Promise.broken(run)).containsExactly("A task fails (airport-stats 1): tasks hit 1, restarted 16.");
    }

    @Test
    void isBrokenWhenAHitTaskStaysAway() {
        RunResult run = SampleRuns.with(
                SampleRuns.holdfast(),
                List.of(new Blow(Kind.TASK_MANAGER, "tm-1", SampleRuns.START_MILLIS, 4, 3, 0, 0, 0)),
                List.of("RUNNING"));

        assertThat(Promise.broken(run)).hasSize(1);
    }

    @Test
    void isBrokenWhenTheJobLeavesRunning() {
        RunResult run = SampleRuns.with(SampleRuns.holdfast(), List.of(), List.of("RUNNING", "RESTARTING", "RUNNING"));

        assertThat(Promise.broken(run)).containsExactly("The job left RUNNING: RUNNING → RESTARTING → RUNNING.");
    }

    @Test
    void isBrokenWhenAnEvictionCostsSomething() {
        assertThat(Promise.broken(SampleRuns.with(
                        SampleRuns.holdfast(), new Moved(false, "COMPLETED by restart", 4, 900, 240, 17))))
                .containsExactly(
                        "The tasks of the evicted TaskManager were not handed over: COMPLETED by restart.",
                        "The eviction cost 17 records.");
    }

    @Test
    void isBrokenWhereThereIsNoHoldfast() {
        assertThat(Promise.broken(SampleRuns.stock())).contains("The JobManager has no Holdfast ledger.");
    }
}
