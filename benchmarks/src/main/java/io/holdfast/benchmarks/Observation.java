package io.holdfast.benchmarks;

import io.holdfast.benchmarks.Fault.Target;
import io.holdfast.benchmarks.FaultInjector.Asked;
import io.holdfast.benchmarks.FaultInjector.Strike;
import io.holdfast.benchmarks.job.ArrivalFiles;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What was seen of a round's job until it ended.
 *
 * @param state that it was seen in last
 * @param states that it was seen in
 * @param moves that were asked for, and what became of them
 * @param attempts number of the last attempt of every subtask
 * @param damages records that arrived other than they were sent
 */
record Observation(
        String state,
        List<String> states,
        List<Strike> strikes,
        List<Asked> moves,
        Map<Target, Integer> attempts,
        ArrivalFiles.Output output,
        List<String> damages,
        Ledger ledger,
        long checkpoints) {

    /** Subtasks that restarted although no fault hit them. */
    List<Target> restartedOthers() {
        Set<Target> hit =
                strikes.stream().flatMap(strike -> strike.hit().stream()).collect(Collectors.toSet());
        return attempts.entrySet().stream()
                .filter(subtask -> subtask.getValue() > 0 && !hit.contains(subtask.getKey()))
                .map(Map.Entry::getKey)
                .toList();
    }

    /** How often the tasks restarted, all together. */
    long restarts() {
        return attempts.values().stream().mapToLong(Integer::longValue).sum();
    }

    /** Whether the job was seen in a state that it has only while all of it restarts. */
    List<String> unusualStates() {
        return states.stream()
                .filter(seen -> !List.of("", "INITIALIZING", "CREATED", "RUNNING", "FINISHED")
                        .contains(seen))
                .toList();
    }
}
