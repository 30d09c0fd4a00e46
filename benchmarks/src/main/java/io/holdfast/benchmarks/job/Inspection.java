package io.holdfast.benchmarks.job;

import io.holdfast.testing.job.FaultPoint;
import java.io.IOException;
import java.nio.file.Path;

/** What an operator does with all that it gets: fail or wait if it was asked to, and look whether it is as it was sent. */
final class Inspection {

    private final RunDirectory run;
    private final FaultPoint faults;
    private final String operator;
    private final int subtask;

    /** When the operator opens; fails at once if that was asked for. */
    Inspection(String directory, String operator, int subtask) throws IOException {
        this.run = new RunDirectory(Path.of(directory));
        this.faults = new FaultPoint(run.failures(), operator, subtask);
        this.operator = operator;
        this.subtask = subtask;
        faults.pass();
        run.gates().pass(RunDirectory.opening(operator, subtask));
    }

    /** When its state is taken. */
    void snapshot(long checkpoint) throws IOException {
        run.gates().pass(RunDirectory.snapshot(operator, subtask), checkpoint);
    }

    /** Throws if a failure of this subtask was asked for, and reports a record that is not as it was sent. */
    void pass(int split, long sequence, byte[] payload) throws IOException {
        faults.pass();
        if (payload.length > 0 && !Payload.isIntact(payload, split, sequence)) {
            run.reportDamage(
                    operator + "-" + subtask,
                    "record %d of split %d with %d bytes of payload".formatted(sequence, split, payload.length));
        }
    }
}
