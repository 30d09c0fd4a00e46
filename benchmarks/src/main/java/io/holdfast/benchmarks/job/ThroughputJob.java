package io.holdfast.benchmarks.job;

import java.util.List;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * The shape of {@link NumbersJob} with next to no work per record, so that what lies between the tasks weighs most: a
 * key, a number and as much ballast as the settings say, a count per key, a sink that counts. Arguments and output are those of {@link NumbersJob}.
 */
public final class ThroughputJob {

    /** Serialized bytes of a record without ballast: key, number, and the length of the ballast. */
    public static final int BARE_BYTES = 16;

    private static final TypeInformation<Tuple3<Integer, Long, byte[]>> RECORD =
            Types.TUPLE(Types.INT, Types.LONG, Types.PRIMITIVE_ARRAY(Types.BYTE));

    private ThroughputJob() {}

    public static void main(String[] args) throws Exception {
        JobSettings settings = JobSettings.parse(List.of(args).subList(2, args.length));
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.createRemoteEnvironment(
                args[0], Integer.parseInt(args[1]), NumbersJob.configuration(settings));
        environment.setParallelism(settings.splits());
        environment
                .fromSource(new NumbersSource(settings), WatermarkStrategy.noWatermarks(), "numbers")
                .uid(NumbersJob.SOURCE)
                .map(number -> Tuple3.of(number.key(), number.sequence(), number.payload()))
                .returns(RECORD)
                .uid("records")
                .keyBy(record -> record.f0)
                .process(new Count())
                .uid(NumbersJob.MAP)
                .name(NumbersJob.MAP)
                .rebalance()
                .sinkTo(new CountingSink<>(settings.directory()))
                .uid(NumbersJob.SINK)
                .name(NumbersJob.SINK);
        JobClient job = environment.executeAsync("throughput");
        System.out.println(NumbersJob.JOB_ID + job.getJobID().toHexString());
    }

    private static final class Count
            extends KeyedProcessFunction<Integer, Tuple3<Integer, Long, byte[]>, Tuple3<Integer, Long, byte[]>> {

        private static final long serialVersionUID = 1L;

        private transient ValueState<Long> counts;

        @Override
        public void open(OpenContext context) {
            counts = getRuntimeContext().getState(new ValueStateDescriptor<>("count", Types.LONG));
        }

        @Override
        public void processElement(
                Tuple3<Integer, Long, byte[]> record, Context context, Collector<Tuple3<Integer, Long, byte[]>> out)
                throws Exception {
            Long before = counts.value();
            long count = before == null ? 1 : before + 1;
            counts.update(count);
            out.collect(Tuple3.of(record.f0, count, record.f2));
        }
    }
}
