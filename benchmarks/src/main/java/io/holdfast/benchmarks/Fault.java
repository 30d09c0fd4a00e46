package io.holdfast.benchmarks;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Something that is done to a running job.
 *
 * @param atMillis after all tasks run for the first time
 * @param targets subtasks that are made to fail; for a TaskManager, a subtask that runs on it then
 * @param millis how long a TaskManager is stopped, or until the second failure of the same task
 */
record Fault(Kind kind, long atMillis, List<Target> targets, long millis) {

    /** What can be done to a job. */
    enum Kind {
        SOURCE_FAILURE,
        MAP_FAILURE,
        MIDDLE_FAILURE,
        SINK_FAILURE,
        /** Two tasks that are connected fail at once. */
        NEIGHBOURS_FAILURE,
        /** A task fails, and its successor soon after, perhaps before it runs. */
        TWICE_FAILURE,
        /** One subtask of every vertex fails at once. */
        CHAIN_FAILURE,
        /** {@code kill -9}; another TaskManager is started later. */
        TASKMANAGER_KILL,
        /** SIGSTOP, and SIGCONT after {@link Fault#millis()}. */
        TASKMANAGER_PAUSE;

        /** As on the command line. */
        String label() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        boolean ofTaskManager() {
            return this == TASKMANAGER_KILL || this == TASKMANAGER_PAUSE;
        }
    }

    /** A subtask, by the name under which it can be made to fail. */
    record Target(String operator, int subtask) {
        @Override
        public String toString() {
            return operator + "/" + subtask;
        }
    }

    boolean hits(String operator) {
        return kind.ofTaskManager() || targets.stream().anyMatch(target -> target.operator.equals(operator));
    }

    @Override
    public String toString() {
        String what = targets.stream().map(Target::toString).collect(Collectors.joining(" "));
        String time = String.format(Locale.ROOT, "%+.2f s", atMillis / 1000.0);
        return switch (kind) {
            case TASKMANAGER_KILL -> "%s %s of %s, another one after %d ms".formatted(time, kind.label(), what, millis);
            case TASKMANAGER_PAUSE -> "%s %s of %s for %d ms".formatted(time, kind.label(), what, millis);
            case TWICE_FAILURE -> "%s %s %s, again after %d ms".formatted(time, kind.label(), what, millis);
            default -> "%s %s %s".formatted(time, kind.label(), what);
        };
    }
}
