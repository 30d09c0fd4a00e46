package io.holdfast.benchmarks;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Something that is done to a running job.
 *
 * @param atMillis after all tasks run for the first time
 * @param targets subtasks that are made to fail; for a TaskManager, a subtask that runs on it then
 * @param millis how long a TaskManager is stopped, how long a move has, or until what comes second
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
        TASKMANAGER_PAUSE,
        /** The tasks of a TaskManager are moved away, with time enough; it stays. */
        MOVE,
        /** The same, and cancelled after {@link Fault#millis()}. */
        MOVE_CANCEL,
        /** A move that has {@link Fault#millis()}, too little for some. */
        MOVE_HURRIED,
        /** A move, and {@code kill -9} of the TaskManager that is left after {@link Fault#millis()}. */
        MOVE_KILL,
        /** A move, and {@code kill -9} of a TaskManager that a task goes to {@link Fault#millis()} after that is known. */
        MOVE_TARGET_KILL,
        /** A move, then the TaskManager is ended, and another one started. */
        EVICTION;

        /** As on the command line. */
        String label() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        /** Whether a TaskManager is away for some time. */
        boolean ofTaskManager() {
            return switch (this) {
                case TASKMANAGER_KILL, TASKMANAGER_PAUSE, MOVE_KILL, MOVE_TARGET_KILL, EVICTION -> true;
                default -> false;
            };
        }

        /** Whether Holdfast is asked to move tasks away. */
        boolean isMove() {
            return switch (this) {
                case MOVE, MOVE_CANCEL, MOVE_HURRIED, MOVE_KILL, MOVE_TARGET_KILL, EVICTION -> true;
                default -> false;
            };
        }

        /** Whether tasks are lost, whatever Holdfast does. */
        boolean losesTasks() {
            return !isMove() || this == MOVE_KILL || this == MOVE_TARGET_KILL;
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
        return kind.losesTasks()
                && (kind.ofTaskManager() || targets.stream().anyMatch(target -> target.operator.equals(operator)));
    }

    @Override
    public String toString() {
        String what = targets.stream().map(Target::toString).collect(Collectors.joining(" "));
        String time = String.format(Locale.ROOT, "%+.2f s", atMillis / 1000.0);
        return switch (kind) {
            case TASKMANAGER_KILL -> "%s %s of %s, another one after %d ms".formatted(time, kind.label(), what, millis);
            case TASKMANAGER_PAUSE -> "%s %s of %s for %d ms".formatted(time, kind.label(), what, millis);
            case MOVE, MOVE_HURRIED, EVICTION -> "%s %s of %s within %d ms".formatted(time, kind.label(), what, millis);
            case MOVE_CANCEL, MOVE_KILL, MOVE_TARGET_KILL ->
                "%s %s of %s after %d ms".formatted(time, kind.label(), what, millis);
            case TWICE_FAILURE -> "%s %s %s, again after %d ms".formatted(time, kind.label(), what, millis);
            default -> "%s %s %s".formatted(time, kind.label(), what);
        };
    }
}
