package io.holdfast.benchmarks.job;

import java.io.IOException;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;

/** Hands on what it gets: a vertex more. */
final class MiddleMap extends RichMapFunction<Counted, Counted> {

    private static final long serialVersionUID = 1L;

    private final String directory;
    private transient FaultPoint faults;

    MiddleMap(String directory) {
        this.directory = directory;
    }

    @Override
    public void open(OpenContext context) throws IOException {
        faults = new FaultPoint(
                directory, NumbersJob.MIDDLE, getRuntimeContext().getTaskInfo().getIndexOfThisSubtask());
        faults.pass();
    }

    @Override
    public Counted map(Counted record) throws IOException {
        faults.pass();
        return record;
    }
}
