package io.holdfast.demo;

import io.holdfast.testing.RecordLedger.Verdict;
import java.util.List;
import java.util.Optional;

/**
 * What one run showed.
 *
 * @param startMillis when the observation began, epoch milliseconds
 * @param perSecond flights per second at the sink, one number per {@link #BUCKET_MILLIS} since then
 * @param states of the job, in order, from the begin of the observation
 * @param silentLanes that had no output in the last seconds of the run
 * @param move what Holdfast did about the eviction; empty on stock Flink
 * @param incidents what Holdfast says itself; empty on stock Flink
 */
record RunResult(
        Mode mode,
        String flinkVersion,
        long startMillis,
        long[] perSecond,
        List<Blow> blows,
        int tasks,
        Verdict verdict,
        List<String> states,
        List<Lane> silentLanes,
        Optional<Moved> move,
        Optional<Incidents> incidents) {

    static final int BUCKET_MILLIS = 200;

    /** What was broken on purpose. */
    enum Kind {
        TASK("A task fails", "task fails"),
        TASK_MANAGER("A TaskManager is killed", "TaskManager killed"),
        EVICTION("A TaskManager is evicted", "TaskManager evicted");

        private final String title;
        private final String mark;

        Kind(String title, String mark) {
            this.title = title;
            this.mark = mark;
        }

        String title() {
            return title;
        }

        /** A word for the chart. */
        String mark() {
            return mark;
        }
    }

    /**
     * Something broken on purpose, and its consequences until the next blow.
     *
     * @param target what was hit, for people
     * @param tasksHit subtasks that died of the blow itself
     * @param tasksRestarted subtasks that run another attempt since
     * @param gapMillis longest time without any output
     * @param hitGapMillis longest time without output of the part of the stream that passes the tasks hit
     * @param notRunningMillis how long the job was in another state than RUNNING
     */
    record Blow(
            Kind kind,
            String target,
            long atMillis,
            int tasksHit,
            int tasksRestarted,
            long gapMillis,
            long hitGapMillis,
            long notRunningMillis) {}

    /**
     * Tasks that were moved away before their TaskManager ended.
     *
     * @param handedOver whether all went as it should
     * @param how state and step, for people
     * @param tookMillis from the request to its end
     * @param pauseMillis longest time for which one of them did not run
     * @param lostRecords that Holdfast's ledger counts as lost since the request
     */
    record Moved(boolean handedOver, String how, int tasks, long tookMillis, long pauseMillis, long lostRecords) {}

    Blow blow(Kind kind) {
        return blows.stream()
                .filter(blow -> blow.kind() == kind)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("No blow " + kind + " in " + blows + "."));
    }

    int tasksRestarted() {
        return blows.stream().mapToInt(Blow::tasksRestarted).sum();
    }

    boolean alwaysRunning() {
        return states.stream().allMatch("RUNNING"::equals)
                && blows.stream().allMatch(blow -> blow.notRunningMillis() == 0);
    }

    /** How often the job went from RUNNING into another state. */
    long timesNotRunning() {
        long times = 0;
        for (int i = 1; i < states.size(); i++) {
            if (states.get(i - 1).equals("RUNNING") && !states.get(i).equals("RUNNING")) {
                times++;
            }
        }
        return times;
    }
}
