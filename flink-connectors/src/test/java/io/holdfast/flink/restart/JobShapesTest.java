package io.holdfast.flink.restart;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.restart.FaultPoint.Fault;
import io.holdfast.flink.restart.WatermarkWatch.Seen;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobStatus;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every shape of job loses a task, and nothing but that task restarts. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class JobShapesTest {

    @RegisterExtension
    final TestCluster cluster = new TestCluster();

    /** Shapes that make one record of one, so that the output lacks what the ledger says. */
    @ParameterizedTest
    @CsvSource({
        "TWO_INPUTS, left-1, 2",
        "TWO_INPUTS, both-1, 2",
        "UNION, right-1, 2",
        "UNION, joined-1, 2",
        "SIDE_OUTPUT, split-1, 1",
        "SIDE_OUTPUT, side-1, 1",
        "ASYNC_IO, left-1, 1",
        "ASYNC_IO, asking-1, 1",
        "PROCESSING_TIME_TIMERS, waiter-1, 1"
    })
    void outputLacksWhatTheLedgerSays(JobShape shape, String task, int sources) throws Exception {
        Outcome outcome = runFailing(shape, task);

        assertThat(sources * JobShape.RECORDS
                        - Committing.committed(JobShape.OUTPUT).size())
                .isEqualTo(outcome.missing());
    }

    @ParameterizedTest
    @CsvSource({"left-1, RECORD", "writer-1, RECORD", "writer-1, SNAPSHOT", "committer-1, COMMIT"})
    void committablesAreNeitherLostNorRepeated(String task, Fault fault) throws Exception {
        Outcome outcome = runFailing(
                JobShape.TWO_PHASE_SINK,
                task,
                fault,
                task.startsWith("left") ? Set.of(task) : Set.of("writer-1", "committer-1")); // one task

        assertThat(JobShape.RECORDS - Committing.committed(JobShape.OUTPUT).size())
                .isEqualTo(outcome.missing());
    }

    /** Repeated, for the task ends at once when it runs again, and its report of the loss must still be first. */
    @RepeatedTest(4)
    void lossJustBeforeTheEndIsCounted() throws Exception {
        Outcome outcome = runFailing(
                JobShape.TWO_PHASE_SINK, "writer-1", Fault.LAST_CHECKPOINT, Set.of("writer-1", "committer-1"));

        assertThat(JobShape.RECORDS - Committing.committed(JobShape.OUTPUT).size())
                .isEqualTo(outcome.missing());
    }

    @ParameterizedTest
    @CsvSource({"writer-1, RECORD", "writer-1, SNAPSHOT", "committer-0, COMMIT"})
    void tasksThatExchangeCommittablesRestartTogether(String task, Fault fault) throws Exception {
        FaultPoint.fail(task, fault);

        Outcome outcome = cluster.run(JobShape.GATHERED_COMMITTABLES.graph());

        assertThat(outcome.status()).isEqualTo(JobStatus.FINISHED);
        assertThat(outcome.fallbacks()).hasSize(1).allMatch(reason -> reason.contains("committables"));
        assertThat(Committing.committed(JobShape.OUTPUT)).hasSize((int) JobShape.RECORDS);
    }

    @Test
    void otherTasksOfSuchAJobRestartAlone() throws Exception {
        Outcome outcome = runFailing(JobShape.GATHERED_COMMITTABLES, "left-1");

        assertThat(JobShape.RECORDS - Committing.committed(JobShape.OUTPUT).size())
                .isEqualTo(outcome.missing());
    }

    @ParameterizedTest
    @CsvSource({"BROADCAST_STATE, ruled-1", "BROADCAST_STATE, rules-1"})
    void broadcastStateIsRestored(JobShape shape, String task) throws Exception {
        Outcome outcome = runFailing(shape, task);

        long arrived = Committing.committed(JobShape.OUTPUT).size();
        if (task.startsWith("rules")) {
            assertThat(arrived).isEqualTo(2 * JobShape.RECORDS);
        } else {
            long ofNumbers = outcome.missingBetween(from -> !from.contains("rules"), to -> true);
            assertThat(2 * JobShape.RECORDS - arrived).isEqualTo(ofNumbers);
        }
    }

    /** A counter lacks what its task has lost since the checkpoint, whatever was handed on meanwhile. */
    @ParameterizedTest
    @CsvSource({
        "KEYED_STATE, left-1, KeyedProcess",
        "KEYED_STATE, counter-1, KeyedProcess",
        "ROCKSDB, left-1, KeyedProcess",
        "ROCKSDB, counter-1, KeyedProcess",
        "SQL, left-1, GroupAggregate",
        "SQL, touch-1, GroupAggregate"
    })
    void stateLacksWhatTheLedgerSays(JobShape shape, String task, String consumer) throws Exception {
        Outcome outcome = runFailing(shape, task);

        long counted = Committing.sumOfLatest(JobShape.OUTPUT);
        assertThat(JobShape.RECORDS - counted)
                .isEqualTo(outcome.missingBetween(from -> true, to -> to.contains(consumer)));
    }

    @ParameterizedTest
    @CsvSource({"left-1", "busy-1", "pause-1", "window-1"})
    void eventTimeNeitherFreezesNorGoesBack(String task) throws Exception {
        WatermarkWatch.reset();

        Outcome outcome = runFailing(JobShape.WINDOWS_WITH_IDLE_INPUT, task);

        Map<List<Integer>, Long> last = new HashMap<>();
        for (Seen seen : WatermarkWatch.seen()) {
            long before = last.getOrDefault(List.of(seen.subtask(), seen.attempt()), Long.MIN_VALUE);
            assertThat(seen.watermark()).isGreaterThan(before);
            last.put(List.of(seen.subtask(), seen.attempt()), seen.watermark());
        }
        assertThat(WatermarkWatch.seen())
                .filteredOn(seen -> seen.restartsSoFar() > 0 && seen.watermark() < Long.MAX_VALUE)
                .as("watermarks after the restart")
                .hasSizeGreaterThan(10);
        if (!task.startsWith("window")) { // a window that restarts fires again
            long counted = Committing.committed(JobShape.OUTPUT).stream()
                    .mapToLong(Long::parseLong)
                    .sum();
            assertThat(JobShape.RECORDS - counted)
                    .isEqualTo(outcome.missingBetween(from -> !from.contains("quiet"), to -> true));
        }
    }

    private Outcome runFailing(JobShape shape, String task) throws Exception {
        return runFailing(shape, task, Fault.RECORD, Set.of(task));
    }

    private Outcome runFailing(JobShape shape, String task, Fault fault, Set<String> restarted) throws Exception {
        FaultPoint.fail(task, fault);

        Outcome outcome = cluster.run(shape.graph());

        assertThat(outcome.status()).isEqualTo(JobStatus.FINISHED);
        assertThat(FaultPoint.restarted()).containsExactlyInAnyOrderElementsOf(restarted);
        assertThat(outcome.fallbacks()).isEmpty();
        assertThat(outcome.incidents()).hasSize(1);
        assertThat(outcome.allClosedAndExact()).as("%s", outcome.ledger()).isTrue();
        return outcome;
    }
}
