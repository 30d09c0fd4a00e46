package io.holdfast.flink.restart;

import static org.apache.flink.table.api.Expressions.$;

import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.BroadcastState;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.streaming.api.datastream.AsyncDataStream;
import org.apache.flink.streaming.api.datastream.BroadcastStream;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.streaming.api.functions.async.ResultFuture;
import org.apache.flink.streaming.api.functions.async.RichAsyncFunction;
import org.apache.flink.streaming.api.functions.co.KeyedBroadcastProcessFunction;
import org.apache.flink.streaming.api.functions.co.RichCoMapFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.ScalarFunction;
import org.apache.flink.types.RowKind;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/** Jobs of the shapes that users write. */
enum JobShape {
    /** Two keyed inputs of one task. */
    TWO_INPUTS {
        @Override
        DataStream<String> build(StreamExecutionEnvironment env) {
            return numbers(env, "left", 0)
                    .keyBy(JobShape::key)
                    .connect(numbers(env, "right", 1).keyBy(JobShape::key))
                    .map(new Both());
        }
    },
    /** Two sources, each with a subtask of its own before each subtask of the union: pointwise edges. */
    UNION {
        @Override
        DataStream<String> build(StreamExecutionEnvironment env) {
            return numbers(env, "left", 0)
                    .union(numbers(env, "right", 1))
                    .transform("joined", Types.STRING, new Stage("joined"))
                    .rescale();
        }
    },
    /** Rules that go to everybody, and are kept. */
    BROADCAST_STATE {
        @Override
        DataStream<String> build(StreamExecutionEnvironment env) {
            BroadcastStream<String> rules =
                    NumbersJob.numbers(env, "rules", 0, 900).broadcast(Ruled.RULES);
            return numbers(env, "left", 0)
                    .union(numbers(env, "right", 1))
                    .keyBy(JobShape::key)
                    .connect(rules)
                    .process(new Ruled());
        }
    },
    /** One task, two outputs. */
    SIDE_OUTPUT {
        @Override
        DataStream<String> build(StreamExecutionEnvironment env) {
            SingleOutputStreamOperator<String> split =
                    numbers(env, "left", 0).rebalance().process(new Split());
            return split.keyBy(JobShape::key)
                    .transform("main", Types.STRING, new Stage("main"))
                    .union(split.getSideOutput(Split.ODD)
                            .rebalance()
                            .transform("side", Types.STRING, new Stage("side")));
        }
    },
    /** Records that wait for an answer when a checkpoint is taken. */
    ASYNC_IO {
        @Override
        DataStream<String> build(StreamExecutionEnvironment env) {
            return AsyncDataStream.orderedWait(
                    numbers(env, "left", 0).keyBy(JobShape::key), new Asking(), 30, TimeUnit.SECONDS, 50);
        }
    },
    /** Records that wait for a timer. */
    PROCESSING_TIME_TIMERS {
        @Override
        DataStream<String> build(StreamExecutionEnvironment env) {
            return numbers(env, "left", 0).keyBy(JobShape::key).process(new Waiter());
        }
    },
    /** A sink that commits in two phases; writer and committer are one task. */
    TWO_PHASE_SINK {
        @Override
        DataStream<String> build(StreamExecutionEnvironment env) {
            return numbers(env, "left", 0).keyBy(JobShape::key);
        }

        @Override
        void end(DataStream<String> stream) {
            stream.sinkTo(new TwoPhaseSink(OUTPUT));
        }
    },
    /** The same, but all committables go to one committer. */
    GATHERED_COMMITTABLES {
        @Override
        DataStream<String> build(StreamExecutionEnvironment env) {
            return TWO_PHASE_SINK.build(env);
        }

        @Override
        void end(DataStream<String> stream) {
            stream.sinkTo(new TwoPhaseSink.Gathering(OUTPUT));
        }
    },
    /** Two pipelines that have nothing to do with each other; the other one gathers its committables. */
    TWO_PIPELINES {
        @Override
        DataStream<String> build(StreamExecutionEnvironment env) {
            numbers(env, "right", 0)
                    .keyBy(JobShape::key)
                    .sinkTo(new TwoPhaseSink.Gathering("other", 2 * FaultPoint.A_FEW_CHECKPOINTS));
            return numbers(env, "left", 0)
                    .keyBy(JobShape::key)
                    .transform("map", Types.STRING, new Stage("map"))
                    .rebalance();
        }
    },
    /** A source whose coordinator's checkpoint the test holds up. */
    GATED_SOURCE {
        @Override
        DataStream<String> build(StreamExecutionEnvironment env) {
            return env.fromSource(new GatedSource(0, RECORDS - 1), WatermarkStrategy.noWatermarks(), "source")
                    .map(number -> number + ":")
                    .returns(Types.STRING)
                    .transform("source", Types.STRING, new Stage("source", NumbersJob.PACE_NANOS))
                    .rebalance();
        }
    },
    /** Windows over an input that is busy and one that is idle most of the time. Lines are {@code n=count}. */
    WINDOWS_WITH_IDLE_INPUT {
        @Override
        DataStream<String> build(StreamExecutionEnvironment env) {
            env.getConfig().setAutoWatermarkInterval(10);
            OutputTag<String> late = new OutputTag<>("late", Types.STRING);
            WatermarkStrategy<String> time = WatermarkStrategy.<String>forMonotonousTimestamps()
                    .withTimestampAssigner((record, ignored) -> number(record) % (RECORDS / PARALLELISM));
            WatermarkStrategy<String> idle = WatermarkStrategy.<String>forMonotonousTimestamps()
                    .withTimestampAssigner((record, ignored) -> number(record))
                    .withIdleness(Duration.ofMillis(20));
            DataStream<String> busy = numbers(env, "left", 0)
                    .assignTimestampsAndWatermarks(time)
                    .rebalance()
                    .transform("busy", Types.STRING, new Stage("busy"));
            DataStream<String> quiet = NumbersJob.numbers(env, "quiet", 0, 12)
                    .rebalance()
                    .transform(
                            "pause",
                            Types.STRING,
                            new Stage(new FaultPoint("pause", 1), TimeUnit.MILLISECONDS.toNanos(100)))
                    .assignTimestampsAndWatermarks(idle)
                    .filter(record -> false);
            SingleOutputStreamOperator<String> counts = busy.union(quiet)
                    .keyBy(JobShape::key)
                    .window(TumblingEventTimeWindows.of(Duration.ofMillis(20)))
                    .sideOutputLateData(late)
                    .process(new Count());
            return counts.transform("watch", Types.STRING, new WatermarkWatch())
                    .union(counts.getSideOutput(late).map(record -> "1:").returns(Types.STRING));
        }
    },
    /** A counter per key, on the heap. Lines are {@code key=count}. */
    KEYED_STATE {
        @Override
        DataStream<String> build(StreamExecutionEnvironment env) {
            return numbers(env, "left", 0).keyBy(JobShape::key).process(new Counter());
        }
    },
    /** The same in RocksDB, with incremental checkpoints. */
    ROCKSDB {
        @Override
        DataStream<String> build(StreamExecutionEnvironment env) {
            env.configure(Configuration.fromMap(Map.of(
                    "state.backend.type", "rocksdb",
                    "state.backend.rocksdb.memory.managed", "false",
                    "execution.checkpointing.incremental", "true")));
            return KEYED_STATE.build(env);
        }
    },
    /** The same in SQL. */
    SQL {
        @Override
        DataStream<String> build(StreamExecutionEnvironment env) {
            StreamTableEnvironment tables = StreamTableEnvironment.create(env);
            tables.createTemporarySystemFunction("touch", new Touch());
            tables.createTemporaryView(
                    "numbers",
                    numbers(env, "left", 0)
                            .map(record -> Tuple2.of(key(record), number(record)))
                            .returns(Types.TUPLE(Types.INT, Types.LONG)),
                    $("k"),
                    $("n"));
            return tables.toChangelogStream(tables.sqlQuery(
                            "SELECT k, touch(c) FROM (SELECT k, COUNT(*) AS c FROM numbers GROUP BY k)"))
                    .filter(row -> row.getKind() != RowKind.UPDATE_BEFORE)
                    .map(row -> row.getField(0) + "=" + row.getField(1) + ":")
                    .returns(Types.STRING)
                    .keyBy(record -> record.substring(0, record.indexOf('=')));
        }
    };

    static final int PARALLELISM = 3;
    static final long RECORDS = 6_000;
    static final String OUTPUT = "shape";
    private static final int KEYS = 12;

    /** The job but for its sink: records whose beginning, up to a colon, says what they are. */
    abstract DataStream<String> build(StreamExecutionEnvironment env);

    /** Ends the job in its sink. */
    void end(DataStream<String> stream) {
        stream.map(new Committing(OUTPUT)).sinkTo(new DiscardingSink<>());
    }

    JobGraph graph() {
        return graph(Map.of());
    }

    JobGraph graph(Map<String, String> options) {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.configure(Configuration.fromMap(options));
        env.setParallelism(PARALLELISM);
        env.enableCheckpointing(100);
        end(build(env));
        return env.getStreamGraph().getJobGraph();
    }

    private static DataStream<String> numbers(StreamExecutionEnvironment env, String stage, int half) {
        return NumbersJob.numbers(env, stage, half * RECORDS, RECORDS);
    }

    private static long number(String record) {
        return Long.parseLong(record.substring(0, record.indexOf(':')));
    }

    private static int key(String record) {
        return (int) (number(record) % KEYS);
    }

    private static final class Both extends RichCoMapFunction<String, String, String> {
        private final FaultPoint faults = new FaultPoint("both");

        @Override
        public void open(OpenContext context) {
            faults.open(getRuntimeContext());
        }

        @Override
        public String map1(String record) {
            faults.record();
            return record;
        }

        @Override
        public String map2(String record) {
            faults.record();
            return record;
        }
    }

    private static final class Ruled extends KeyedBroadcastProcessFunction<Integer, String, String, String> {
        static final MapStateDescriptor<String, String> RULES =
                new MapStateDescriptor<>("rules", Types.STRING, Types.STRING);
        private final FaultPoint faults = new FaultPoint("ruled");

        @Override
        public void open(OpenContext context) {
            faults.open(getRuntimeContext());
        }

        @Override
        public void processElement(String record, ReadOnlyContext context, Collector<String> out) throws Exception {
            if (Committing.transactions() > 0) { // else there is no checkpoint yet to restore the rules from
                faults.record();
            }
            // Only the state can still have the first rule when a later attempt begins.
            if (!faults.isFirstAttempt() && !context.getBroadcastState(RULES).contains("0:")) {
                throw new IllegalStateException("the rules were not restored");
            }
            out.collect(record);
        }

        @Override
        public void processBroadcastElement(String rule, Context context, Collector<String> out) throws Exception {
            BroadcastState<String, String> rules = context.getBroadcastState(RULES);
            rules.put(rule, rule);
        }
    }

    private static final class Split extends ProcessFunction<String, String> {
        static final OutputTag<String> ODD = new OutputTag<>("odd", Types.STRING);
        private final FaultPoint faults = new FaultPoint("split");

        @Override
        public void open(OpenContext context) {
            faults.open(getRuntimeContext());
        }

        @Override
        public void processElement(String record, Context context, Collector<String> out) {
            faults.record();
            if (number(record) % 2 == 0) {
                out.collect(record);
            } else {
                context.output(ODD, record);
            }
        }
    }

    private static final class Asking extends RichAsyncFunction<String, String> {
        private final FaultPoint faults = new FaultPoint("asking");
        private transient ScheduledExecutorService service;

        @Override
        public void open(OpenContext context) {
            faults.open(getRuntimeContext());
            service = Executors.newSingleThreadScheduledExecutor();
        }

        @Override
        public void asyncInvoke(String record, ResultFuture<String> result) {
            faults.record();
            service.schedule(() -> result.complete(Collections.singleton(record)), 5, TimeUnit.MILLISECONDS);
        }

        @Override
        public void close() {
            if (service != null) {
                service.shutdownNow();
            }
        }
    }

    /** Hands on what has come when a timer fires, and the rest at the end. */
    private static final class Waiter extends KeyedProcessFunction<Integer, String, String> {
        private final FaultPoint faults = new FaultPoint("waiter");
        private transient ListState<String> waiting;

        @Override
        public void open(OpenContext context) {
            faults.open(getRuntimeContext());
            waiting = getRuntimeContext().getListState(new ListStateDescriptor<>("waiting", Types.STRING));
        }

        @Override
        public void processElement(String record, Context context, Collector<String> out) throws Exception {
            faults.record();
            waiting.add(record);
            long now = context.timerService().currentProcessingTime();
            context.timerService().registerProcessingTimeTimer(now - now % 10 + 10);
            context.timerService().registerEventTimeTimer(Long.MAX_VALUE);
        }

        @Override
        public void onTimer(long timestamp, OnTimerContext context, Collector<String> out) throws Exception {
            for (String record : waiting.get()) {
                out.collect(record);
            }
            waiting.clear();
        }
    }

    private static final class Count extends ProcessWindowFunction<String, String, Integer, TimeWindow> {
        private final FaultPoint faults = new FaultPoint("window", 50);

        @Override
        public void open(OpenContext context) {
            faults.open(getRuntimeContext());
        }

        @Override
        public void process(Integer key, Context context, Iterable<String> records, Collector<String> out) {
            faults.record();
            long count = 0;
            for (String ignored : records) {
                count++;
            }
            out.collect(count + ":");
        }
    }

    private static final class Counter extends KeyedProcessFunction<Integer, String, String> {
        private final FaultPoint faults = new FaultPoint("counter");
        private transient ValueState<Long> count;

        @Override
        public void open(OpenContext context) {
            faults.open(getRuntimeContext());
            count = getRuntimeContext().getState(new ValueStateDescriptor<>("count", Types.LONG));
        }

        @Override
        public void processElement(String record, Context context, Collector<String> out) throws Exception {
            faults.record();
            Long before = count.value();
            long now = before == null ? 1 : before + 1;
            count.update(now);
            out.collect(context.getCurrentKey() + "=" + now + ":");
        }
    }

    /** A function of SQL that fails once, and otherwise does nothing. */
    public static final class Touch extends ScalarFunction {
        private final FaultPoint faults = new FaultPoint("touch");

        @Override
        public void open(FunctionContext context) {
            faults.open(
                    context.getTaskInfo().getIndexOfThisSubtask(),
                    context.getTaskInfo().getAttemptNumber());
        }

        public @DataTypeHint("BIGINT") Long eval(@DataTypeHint("BIGINT") Long value) {
            faults.record();
            return value;
        }
    }
}
