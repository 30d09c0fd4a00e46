package io.holdfast.benchmarks.job;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.nio.file.Path;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/** Counts the records of each key in keyed state, and sends each on with its number. */
final class CountingMap extends KeyedProcessFunction<Integer, Numbered, Counted> {

    private static final long serialVersionUID = 1L;

    private final String directory;
    private transient Inspection inspection;
    private transient int subtask;
    private transient int attempt;
    private transient ValueState<Long> counts;

    CountingMap(String directory) {
        this.directory = directory;
    }

    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
        in.defaultReadObject();
        new RunDirectory(Path.of(directory)).gates().pass(RunDirectory.LOADING);
    }

    @Override
    public void open(OpenContext context) throws IOException {
        subtask = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
        attempt =
                new RunDirectory(Path.of(directory)).attempt(getRuntimeContext().getMetricGroup());
        counts = getRuntimeContext().getState(new ValueStateDescriptor<>("count", Types.LONG));
        inspection = new Inspection(directory, NumbersJob.MAP, subtask);
    }

    @Override
    public void processElement(Numbered record, Context context, Collector<Counted> out) throws IOException {
        inspection.pass(record.split(), record.sequence(), record.payload());
        Long before = counts.value();
        long count = before == null ? 1 : before + 1;
        counts.update(count);
        out.collect(new Counted(
                record.split(),
                record.sequence(),
                record.key(),
                record.sourceAttempt(),
                subtask,
                attempt,
                count,
                record.emittedMillis(),
                record.payload()));
    }
}
