package io.holdfast.flink.restart;

import java.io.Serializable;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.functions.RuntimeContext;

/**
 * A place in a function where it fails if a test told it to, once. Functions run in the test's JVM, so what is told is
 * in plain fields of this class, which one test at a time uses.
 */
final class FaultPoint implements Serializable {

    /** When a task fails. */
    enum Fault {
        /** At some record in the middle of the stream. */
        RECORD,
        /** When it starts again after having failed: a failure while it recovers. */
        OPEN_AGAIN,
        /** At the next checkpoint. */
        SNAPSHOT,
        /** At the checkpoint that comes after the end of its data: between end-of-data and FINISHED. */
        LAST_CHECKPOINT,
        /** When it is about to commit what a completed checkpoint holds. */
        COMMIT,
        /** When it closes, all being done: just before FINISHED. */
        CLOSE
    }

    /** So many records last for some checkpoints. */
    static final int A_FEW_CHECKPOINTS = 200;

    private static final Map<String, Fault> FAULTS = new ConcurrentHashMap<>();
    private static final Map<String, AtomicInteger> STARTS = new ConcurrentHashMap<>();

    private final String operator;
    private final int recordsBefore;
    private transient String task;
    private transient int attempt;
    private transient int seen;
    private transient boolean ended;

    /** {@code operator} and the number of the subtask make the task's name: {@code map-1}. */
    FaultPoint(String operator) {
        this(operator, A_FEW_CHECKPOINTS);
    }

    /** For a task that sees few records: it fails at the one after {@code recordsBefore}. */
    FaultPoint(String operator, int recordsBefore) {
        this.operator = operator;
        this.recordsBefore = recordsBefore;
    }

    static void reset() {
        FAULTS.clear();
        STARTS.clear();
    }

    static void fail(String task, Fault fault) {
        FAULTS.put(task, fault);
    }

    /** How often {@code task} was started. */
    static int starts(String task) {
        return STARTS.getOrDefault(task, new AtomicInteger()).get();
    }

    /** Tasks that were started more than once. */
    static String[] restarted() {
        return STARTS.entrySet().stream()
                .filter(entry -> entry.getValue().get() > 1)
                .map(Map.Entry::getKey)
                .sorted()
                .toArray(String[]::new);
    }

    void open(RuntimeContext context) {
        open(
                context.getTaskInfo().getIndexOfThisSubtask(),
                context.getTaskInfo().getAttemptNumber());
    }

    void open(int subtask, int attemptNumber) {
        task = operator + "-" + subtask;
        attempt = attemptNumber;
        int starts =
                STARTS.computeIfAbsent(task, ignored -> new AtomicInteger()).incrementAndGet();
        if (starts > 1) {
            strike(Fault.OPEN_AGAIN, "while starting again");
        }
    }

    boolean isFirstAttempt() {
        return attempt == 0;
    }

    void record() {
        if (attempt == 0 && ++seen > recordsBefore) {
            if (FAULTS.get(task) == Fault.OPEN_AGAIN) { // to start again it must fail first
                throw new IllegalStateException("told to fail: " + task);
            }
            strike(Fault.RECORD, "at a record");
        }
    }

    void endOfInput() {
        ended = true;
    }

    void snapshot() {
        strike(Fault.SNAPSHOT, "at a checkpoint");
        if (ended) {
            strike(Fault.LAST_CHECKPOINT, "after the end of data");
        }
    }

    void commit() {
        strike(Fault.COMMIT, "before a commit");
    }

    void close() {
        strike(Fault.CLOSE, "while closing");
    }

    private void strike(Fault fault, String when) {
        if (task != null && FAULTS.remove(task, fault)) {
            throw new IllegalStateException("told to fail " + when + ": " + task);
        }
    }
}
