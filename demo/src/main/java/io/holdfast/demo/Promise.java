package io.holdfast.demo;

import io.holdfast.demo.RunResult.Blow;
import java.util.ArrayList;
import java.util.List;

/**
 * What Holdfast promises, held against a run: the job never left RUNNING, only what was hit restarted, and an eviction that
 * was announced cost nothing.
 */
final class Promise {

    private Promise() {}

    /** Everything that was not as promised; empty if it was kept. */
    static List<String> broken(RunResult run) {
        List<String> reasons = new ArrayList<>();
        if (!run.alwaysRunning()) {
            reasons.add("The job left RUNNING: " + String.join(" → ", run.states()) + ".");
        }
        for (Blow blow : run.blows()) {
            if (blow.tasksRestarted() != blow.tasksHit()) {
                reasons.add("%s (%s): tasks hit %d, restarted %d."
                        .formatted(blow.kind().title(), blow.target(), blow.tasksHit(), blow.tasksRestarted()));
            }
        }
        if (!run.silentLanes().isEmpty()) {
            reasons.add("No output at the end of the run from " + run.silentLanes() + ".");
        }
        if (run.incidents().isEmpty()) {
            reasons.add("The JobManager has no Holdfast ledger.");
        }
        run.incidents()
                .ifPresent(incidents -> incidents
                        .fallbacks()
                        .forEach(reason -> reasons.add("Holdfast fell back to a restart of the whole job: " + reason)));
        run.move().ifPresent(move -> {
            if (!move.handedOver()) {
                reasons.add("The tasks of the evicted TaskManager were not handed over: " + move.how() + ".");
            }
            if (move.lostRecords() != 0) {
                reasons.add("The eviction cost %d records.".formatted(move.lostRecords()));
            }
        });
        if (run.verdict().unexpected() > 0) {
            reasons.add(run.verdict().unexpected() + " records arrived that no source had emitted.");
        }
        return reasons;
    }
}
