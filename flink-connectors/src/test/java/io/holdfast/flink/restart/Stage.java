package io.holdfast.flink.restart;

import java.util.concurrent.locks.LockSupport;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.StreamMap;

/** An operator that hands records on at a steady pace, and fails where it is told to. */
final class Stage extends StreamMap<String, String> implements BoundedOneInput {

    /** How many times longer records take for now, in all jobs of this JVM: so that a job lasts until a test is done with it. */
    private static volatile int slowness = 1;

    static void slow(int times) {
        slowness = times;
    }

    Stage(String operator) {
        this(operator, 0);
    }

    /** Each record takes {@code parkNanos} nanoseconds. */
    Stage(String operator, long parkNanos) {
        this(new FaultPoint(operator), parkNanos);
    }

    Stage(FaultPoint faults, long parkNanos) {
        super(new Pass(faults, parkNanos));
    }

    @Override
    public void endInput() {
        ((Pass) userFunction).faults.endOfInput();
    }

    private static final class Pass extends RichMapFunction<String, String> implements CheckpointedFunction {

        private final FaultPoint faults;
        private final long parkNanos;

        Pass(FaultPoint faults, long parkNanos) {
            this.faults = faults;
            this.parkNanos = parkNanos;
        }

        @Override
        public void open(OpenContext context) {
            faults.open(getRuntimeContext());
        }

        @Override
        public String map(String record) {
            LockSupport.parkNanos(parkNanos * slowness);
            faults.record();
            return record;
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) {
            faults.snapshot();
        }

        @Override
        public void initializeState(FunctionInitializationContext context) {}

        @Override
        public void close() {
            faults.close();
        }
    }
}
