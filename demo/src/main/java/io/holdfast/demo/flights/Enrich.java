package io.holdfast.demo.flights;

import io.holdfast.testing.job.FaultPoint;
import java.nio.file.Path;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;

/** Says in a word how late an airport runs. */
final class Enrich extends RichMapFunction<AirportLine, AirportLine> {

    private static final long serialVersionUID = 1L;

    private static final double PUNCTUAL_MINUTES = 5;
    private static final double LATE_MINUTES = 15;

    private final String runDirectory;
    private transient FaultPoint fault;

    Enrich(RunDirectory run) {
        this.runDirectory = run.path().toString();
    }

    @Override
    public void open(OpenContext context) {
        int subtask = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
        fault = new FaultPoint(new RunDirectory(Path.of(runDirectory)).failures(), FlightsJob.ENRICH, subtask);
    }

    @Override
    public AirportLine map(AirportLine line) throws Exception {
        fault.pass();
        double mean = line.meanDelayMinutes();
        return line.judged(mean < PUNCTUAL_MINUTES ? "punctual" : mean < LATE_MINUTES ? "late" : "very late");
    }
}
