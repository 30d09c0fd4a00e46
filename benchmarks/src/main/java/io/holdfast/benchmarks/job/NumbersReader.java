package io.holdfast.benchmarks.job;

import io.holdfast.testing.job.FaultPoint;
import io.holdfast.testing.job.PacedReader;
import java.io.IOException;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.core.io.InputStatus;

/** Emits the numbers of its split; while the run directory asks for a pause, it is silent. */
final class NumbersReader extends PacedReader<Numbered> {

    private final RunDirectory run;
    private final FaultPoint faults;
    private final int attempt;
    private final int payloadBytes;
    private final int keys;

    NumbersReader(
            RunDirectory run,
            FaultPoint faults,
            int attempt,
            double recordsPerSecond,
            long records,
            int payloadBytes,
            int keys) {
        super(recordsPerSecond, records, System::currentTimeMillis);
        this.run = run;
        this.faults = faults;
        this.attempt = attempt;
        this.payloadBytes = payloadBytes;
        this.keys = keys;
    }

    @Override
    public InputStatus pollNext(ReaderOutput<Numbered> output) throws IOException {
        faults.pass();
        return super.pollNext(output);
    }

    @Override
    protected void emit(ReaderOutput<Numbered> output, int split, long sequence) {
        output.collect(new Numbered(
                split,
                sequence,
                Numbered.keyOf(split, sequence, keys),
                attempt,
                System.currentTimeMillis(),
                Payload.of(payloadBytes, split, sequence)));
    }

    @Override
    protected void fellSilent(int split, long next) throws IOException {
        run.reportSent(split, next);
    }

    @Override
    protected boolean isSilenceWanted() {
        return run.isPaused();
    }
}
