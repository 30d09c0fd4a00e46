package io.holdfast.benchmarks.job;

import java.util.List;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * The shape of {@link NumbersJob} with next to no work per record, so that what lies between the tasks weighs most:
 * records of 12 bytes, a count per key, a sink that counts. Arguments and output are those of {@link NumbersJob}.
 */
public final class ThroughputJob {

    private ThroughputJob() {}

    public static void main(String[] args) throws Exception {
        JobSettings settings = JobSettings.parse(List.of(args).subList(2, args.length));
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.createRemoteEnvironment(
                args[0], Integer.parseInt(args[1]), NumbersJob.configuration(settings));
        environment.setParallelism(settings.splits());
        environment
                .fromSource(new NumbersSource(settings), WatermarkStrategy.noWatermarks(), "numbers")
                .uid(NumbersJob.SOURCE)
                .map(number -> Tuple2.of(number.key(), number.sequence()))
                .returns(Types.TUPLE(Types.INT, Types.LONG))
                .uid("pairs")
                .keyBy(pair -> pair.f0)
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
            extends KeyedProcessFunction<Integer, Tuple2<Integer, Long>, Tuple2<Integer, Long>> {

        private static final long serialVersionUID = 1L;

        private transient ValueState<Long> counts;

        @Override
        public void open(OpenContext context) {
            counts = getRuntimeContext().getState(new ValueStateDescriptor<>("count", Types.LONG));
        }

        @Override
        public void processElement(Tuple2<Integer, Long> pair, Context context, Collector<Tuple2<Integer, Long>> out)
                throws Exception {
            Long before = counts.value();
            long count = before == null ? 1 : before + 1;
            counts.update(count);
            out.collect(Tuple2.of(pair.f0, count));
        }
    }
}
