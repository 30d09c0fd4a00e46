package io.holdfast.benchmarks.job;

import io.holdfast.testing.job.FaultPoint;
import java.io.IOException;
import java.nio.file.Path;
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
        int subtask = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
        faults = new FaultPoint(new RunDirectory(Path.of(directory)).failures(), NumbersJob.MIDDLE, subtask);
        faults.pass();
    }

    @Override
    public Counted map(Counted record) throws IOException {
        faults.pass();
        return record;
    }
}
