package io.holdfast.flink.restart;

import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.Collector;

/**
 * A job of three stages, without an end, of which every record is looked at: its keyed map knows from its state which
 * number of a key and a source comes next, and notes it if another one does. What it has sent on is committed.
 */
final class GaplessJob {

    static final int PARALLELISM = 3;
    private static final String OUTPUT = "gapless";
    private static final int KEYS = 20;

    /** Numbers of one source: more than a test lasts for. */
    private static final long LANE = 1_000_000_000;

    private static final Collection<String> BREAKS = new ConcurrentLinkedQueue<>();

    private final Path checkpoints;

    /** For one test at a time. */
    GaplessJob(Path checkpoints) {
        this.checkpoints = checkpoints;
        BREAKS.clear();
    }

    JobGraph graph() {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.configure(Configuration.fromMap(Map.of(
                "execution.checkpointing.dir",
                checkpoints.toUri().toString(),
                "execution.checkpointing.externalized-checkpoint-retention",
                "RETAIN_ON_CANCELLATION")));
        env.setParallelism(PARALLELISM);
        env.enableCheckpointing(100);
        NumbersJob.numbers(env, "source", 0, PARALLELISM * LANE)
                .map(record -> Long.valueOf(record.substring(0, record.indexOf(':'))))
                .returns(Types.LONG)
                .keyBy(number -> (int) (number % KEYS), Types.INT)
                .process(new Next())
                .rebalance()
                .transform("sink", Types.STRING, new Stage("sink"))
                .map(new Committing(OUTPUT))
                .sinkTo(new DiscardingSink<>());
        return env.getStreamGraph().getJobGraph();
    }

    /** Where a number came that was not the next: something was lost, repeated or overtaken before it. */
    static List<String> breaks() {
        return List.copyOf(BREAKS);
    }

    /** What was committed of each key and source: counts that should go up from 1, one by one. */
    static Map<String, List<Long>> committed() {
        return Committing.committed(OUTPUT).stream()
                .map(record -> record.split("="))
                .collect(Collectors.groupingBy(
                        parts -> parts[0],
                        TreeMap::new,
                        Collectors.mapping(parts -> Long.valueOf(parts[1]), Collectors.toList())));
    }

    /** Whether {@code counts} are those up to the highest, each once, in any order. */
    static boolean isWhole(List<Long> counts) {
        return counts.stream()
                .sorted()
                .toList()
                .equals(LongStream.rangeClosed(1, counts.size()).boxed().toList());
    }

    /** Keys and sources that there are. */
    static int streams() {
        return KEYS * PARALLELISM;
    }

    private static final class Next extends KeyedProcessFunction<Integer, Long, String> {

        private transient MapState<Long, Long> next;

        @Override
        public void open(OpenContext context) {
            next = getRuntimeContext().getMapState(new MapStateDescriptor<>("next", Types.LONG, Types.LONG));
        }

        @Override
        public void processElement(Long number, Context context, Collector<String> out) throws Exception {
            long lane = number / LANE;
            Long known = next.get(lane);
            long expected = known == null ? lane * LANE + context.getCurrentKey() : known;
            if (number != expected) {
                BREAKS.add("%d instead of %d".formatted(number, expected));
            }
            next.put(lane, number + KEYS);
            long count = (number - lane * LANE) / KEYS + 1;
            out.collect(lane + "." + context.getCurrentKey() + "=" + count + ":");
        }
    }
}
