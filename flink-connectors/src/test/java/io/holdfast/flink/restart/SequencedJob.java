package io.holdfast.flink.restart;

import io.holdfast.flink.config.HoldfastOptions;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;

/**
 * A job of two stages, source → receivers. Each source subtask numbers what it sends; each receiver keeps what it got, in
 * order, and the first receiver is slower than the others. All in the test's JVM, for one test at a time.
 */
final class SequencedJob {

    static final int RECEIVERS = 4;
    static final String RECEIVER = "receiver";

    private static final Map<String, Collection<String>> GOT = new ConcurrentHashMap<>();

    private final Configuration configuration = new Configuration();
    private UnaryOperator<DataStream<String>> partitioning = DataStream::rebalance;
    private long records = 8_000;
    private long slowNanos = 2_000_000;

    /** Automatic partitioning is on unless a test says otherwise. */
    SequencedJob() {
        GOT.clear();
        configuration.set(HoldfastOptions.AUTO_PARTITION_ENABLED, true);
    }

    Configuration configuration() {
        return configuration;
    }

    SequencedJob partitioning(UnaryOperator<DataStream<String>> value) {
        partitioning = value;
        return this;
    }

    SequencedJob records(long count) {
        records = count;
        return this;
    }

    /** What a record takes the first receiver; the others take a twentieth of that. */
    SequencedJob slowNanos(long nanos) {
        slowNanos = nanos;
        return this;
    }

    /** The receivers are those of a query. */
    SequencedJob throughSql() {
        return partitioning(numbered -> {
            StreamTableEnvironment tables = StreamTableEnvironment.create(numbered.getExecutionEnvironment());
            tables.getConfig().set("table.exec.resource.default-parallelism", String.valueOf(RECEIVERS));
            tables.createTemporaryView("numbered", numbered);
            return tables.toDataStream(tables.sqlQuery("SELECT UPPER(f0) FROM numbered"))
                    .map(row -> (String) row.getField(0))
                    .returns(Types.STRING)
                    .setParallelism(RECEIVERS);
        });
    }

    JobGraph graph() {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(configuration);
        env.setParallelism(2);
        env.enableCheckpointing(100);
        DataStream<String> numbered =
                NumbersJob.numbers(env, "source", 0, records).map(new Number()).returns(Types.STRING);
        partitioning
                .apply(numbered)
                .map(new Receive(slowNanos))
                .returns(Types.STRING)
                .name(RECEIVER)
                .uid("receiver-uid")
                .setParallelism(RECEIVERS)
                .sinkTo(new DiscardingSink<>())
                .setParallelism(RECEIVERS);
        return env.getStreamGraph().getJobGraph();
    }

    long records() {
        return records;
    }

    /** What a receiver's attempts got, in order. */
    static List<String> got(int receiver) {
        return GOT.entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(receiver + "/"))
                .flatMap(entry -> entry.getValue().stream())
                .toList();
    }

    static double share(int receiver) {
        long all = GOT.values().stream().mapToLong(Collection::size).sum();
        return (double) got(receiver).size() / all;
    }

    /** What was got, by source attempt, per attempt of a receiver: each must ascend. */
    static Map<String, List<Long>> sequences() {
        Map<String, List<Long>> sequences = new HashMap<>();
        GOT.forEach((receiver, records) -> records.forEach(record -> {
            String[] parts = record.split("#");
            sequences
                    .computeIfAbsent(receiver + "<" + parts[0], ignored -> new ArrayList<>())
                    .add(Long.valueOf(parts[1]));
        }));
        return sequences;
    }

    /** Numbers each record of a task's attempt. */
    private static final class Number extends RichMapFunction<String, String> {

        private transient String name;
        private transient long next;

        @Override
        public void open(OpenContext context) {
            name = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask() + "."
                    + getRuntimeContext().getTaskInfo().getAttemptNumber();
        }

        @Override
        public String map(String record) {
            return name + "#" + next++;
        }
    }

    private static final class Receive extends RichMapFunction<String, String> {

        private final FaultPoint faults = new FaultPoint(RECEIVER);
        private final long slowNanos;
        private transient Collection<String> got;
        private transient long nanos;

        Receive(long slowNanos) {
            this.slowNanos = slowNanos;
        }

        @Override
        public void open(OpenContext context) {
            faults.open(getRuntimeContext());
            int index = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
            nanos = index == 0 ? slowNanos : slowNanos / 20;
            got = GOT.computeIfAbsent(
                    index + "/" + getRuntimeContext().getTaskInfo().getAttemptNumber(),
                    ignored -> new ConcurrentLinkedQueue<>());
        }

        @Override
        public String map(String record) {
            LockSupport.parkNanos(nanos);
            faults.record();
            got.add(record);
            return record;
        }
    }
}
