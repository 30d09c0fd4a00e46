package io.holdfast.flink.move;

import java.io.IOException;
import org.apache.flink.api.common.accumulators.ListAccumulator;
import org.apache.flink.runtime.execution.Environment;
import org.apache.flink.runtime.jobgraph.tasks.AbstractInvokable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A task beside those that are to move, which says which classes they needed. Task thread. */
public final class ListClasses extends AbstractInvokable {

    /** What the JobManager is told, as an accumulator: a list of one, which is packed. */
    public static final String CLASSES = "holdfast.classes";

    private static final Logger LOG = LoggerFactory.getLogger(ListClasses.class);

    /** Flink's task thread. */
    public ListClasses(Environment environment) {
        super(environment);
    }

    @Override
    public void invoke() {
        try {
            ListAccumulator<byte[]> classes = new ListAccumulator<>();
            classes.add(LoadedClasses.packed(LoadedClasses.ofThisJvm()));
            getEnvironment().getAccumulatorRegistry().getUserMap().put(CLASSES, classes);
        } catch (IOException | RuntimeException e) { // who is moved then takes longer to begin
            LOG.debug("Classes not listed", e);
        }
    }
}
