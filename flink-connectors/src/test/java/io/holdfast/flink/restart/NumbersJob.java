package io.holdfast.flink.restart;

import io.holdfast.flink.entrypoint.HoldfastMiniCluster;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.StreamMap;

/**
 * A job of three stages, source → keyed map → rebalance → transactional sink, in which every number passes each stage
 * once; and what became of it. Its functions run in the test's JVM, so faults and arrivals are plain fields of this
 * class, which one test at a time uses.
 */
final class NumbersJob {

    /** Where a stage fails. */
    enum Fault {
        /** At some record in the middle of the stream. */
        RECORD,
        /** When it starts again after having failed: a failure while it recovers. */
        OPEN_AGAIN,
        /** At the checkpoint that comes after the end of its data: between end-of-data and FINISHED. */
        LAST_CHECKPOINT,
        /** When it closes, all being done: just before FINISHED. */
        CLOSE
    }

    private static final Map<String, Fault> FAULTS = new ConcurrentHashMap<>();
    private static final Map<String, AtomicInteger> STARTS = new ConcurrentHashMap<>();
    private static final Map<String, Collection<String>> COMMITTED = new ConcurrentHashMap<>();

    private final HoldfastMiniCluster cluster;
    private int parallelism = 3;
    private long records = 6_000;
    private long parkNanos = 300_000;
    private int paddingBytes;
    private long checkpointMs = 100;

    NumbersJob(HoldfastMiniCluster cluster) {
        this.cluster = cluster;
        FAULTS.clear();
        STARTS.clear();
        COMMITTED.clear();
    }

    NumbersJob failing(String task, Fault fault) {
        FAULTS.put(task, fault);
        return this;
    }

    NumbersJob records(long count) {
        records = count;
        return this;
    }

    NumbersJob paddingBytes(int bytes) {
        paddingBytes = bytes;
        return this;
    }

    NumbersJob checkpointEveryMs(long interval) {
        checkpointMs = interval;
        return this;
    }

    NumbersJob parallelism(int subtasks) {
        parallelism = subtasks;
        return this;
    }

    JobGraph graph() {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.setParallelism(parallelism);
        env.enableCheckpointing(checkpointMs);
        String padding = "x".repeat(paddingBytes);
        env.fromSource(new NumberSequenceSource(0, records - 1), WatermarkStrategy.forMonotonousTimestamps(), "source")
                .map(number -> number + ":" + padding)
                .returns(Types.STRING)
                .transform("source", Types.STRING, new StageOperator(new Stage("source", parkNanos)))
                .keyBy(String::hashCode)
                .transform("map", Types.STRING, new StageOperator(new Stage("map", 0)))
                .rebalance()
                .transform("sink", Types.STRING, new StageOperator(new Stage("sink", 0)))
                .map(new Committing())
                .sinkTo(new DiscardingSink<>());
        return env.getStreamGraph().getJobGraph();
    }

    JobID submit() throws Exception {
        JobGraph graph = graph();
        cluster.submitJob(graph).get();
        return graph.getJobID();
    }

    /** The same job again, from where {@code savepoint} was taken. */
    JobID submitFrom(String savepoint) throws Exception {
        JobGraph graph = graph();
        graph.setSavepointRestoreSettings(SavepointRestoreSettings.forPath(savepoint));
        cluster.submitJob(graph).get();
        return graph.getJobID();
    }

    /** Runs the job to its end. */
    Outcome run() throws Exception {
        return outcome(submit());
    }

    /** Waits for the end of {@code job}. */
    Outcome outcome(JobID job) throws Exception {
        cluster.requestJobResult(job).get();
        Waiting.until(() -> LedgerArchive.INSTANCE.find(job).isPresent()); // kept a moment after the result
        return new Outcome(
                cluster.getJobStatus(job).get(),
                records,
                LedgerArchive.INSTANCE.find(job).orElseThrow());
    }

    static int starts(String task) {
        return STARTS.getOrDefault(task, new AtomicInteger()).get();
    }

    static int committedTransactions() {
        return COMMITTED.size();
    }

    /** What became of the numbers, and what the ledger says of it. */
    record Outcome(JobStatus status, long records, Map<String, Serializable> ledger) {

        long arrived() {
            return COMMITTED.values().stream().mapToLong(Collection::size).sum();
        }

        long distinct() {
            Set<String> all = new HashSet<>();
            COMMITTED
                    .values()
                    .forEach(transaction ->
                            transaction.forEach(record -> all.add(record.substring(0, record.indexOf(':')))));
            return all.size();
        }

        /** Records that are not there minus records that are there again, counted at the sink. */
        long missingNet() {
            return records - arrived();
        }

        /** The same by the ledger. */
        long missingByLedger() {
            return total("lostRecords") - total("deliveredRecords");
        }

        @SuppressWarnings("unchecked")
        long total(String what) {
            return (Long) ((Map<String, Serializable>) ledger.get("totals")).get(what);
        }

        @SuppressWarnings("unchecked")
        List<Map<String, Serializable>> incidents() {
            return (List<Map<String, Serializable>>) (List<?>) ledger.get("incidents");
        }

        @SuppressWarnings("unchecked")
        List<Map<String, Serializable>> fallbacks() {
            return (List<Map<String, Serializable>>) (List<?>) ledger.get("fallbacks");
        }
    }

    /** Hands records on, and fails where it is told to. */
    private static final class Stage extends RichMapFunction<String, String> implements CheckpointedFunction {

        private static final int RECORDS_BEFORE_FAULT = 200;

        private final String operator;
        private final long parkNanos;
        private transient String name;
        private transient int seen;
        private transient boolean ended;
        private transient int attempt;

        Stage(String operator, long parkNanos) {
            this.operator = operator;
            this.parkNanos = parkNanos;
        }

        @Override
        public void open(OpenContext context) {
            name = operator + "-" + getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
            attempt = getRuntimeContext().getTaskInfo().getAttemptNumber();
            int starts =
                    STARTS.computeIfAbsent(name, ignored -> new AtomicInteger()).incrementAndGet();
            if (starts > 1 && FAULTS.remove(name, Fault.OPEN_AGAIN)) {
                throw new IllegalStateException("told to fail while starting again: " + name);
            }
        }

        @Override
        public String map(String record) {
            LockSupport.parkNanos(parkNanos);
            if (++seen > RECORDS_BEFORE_FAULT && attempt == 0) {
                Fault fault = FAULTS.get(name);
                if (fault == Fault.OPEN_AGAIN || FAULTS.remove(name, Fault.RECORD)) {
                    throw new IllegalStateException("told to fail: " + name);
                }
            }
            return record;
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) {
            if (ended && FAULTS.remove(name, Fault.LAST_CHECKPOINT)) {
                throw new IllegalStateException("told to fail after the end of data: " + name);
            }
        }

        @Override
        public void initializeState(FunctionInitializationContext context) {}

        @Override
        public void close() {
            if (FAULTS.remove(name, Fault.CLOSE)) {
                throw new IllegalStateException("told to fail while closing: " + name);
            }
        }
    }

    /** A stage as an operator that hears of the end of its input. */
    private static final class StageOperator extends StreamMap<String, String> implements BoundedOneInput {

        StageOperator(Stage stage) {
            super(stage);
        }

        @Override
        public void endInput() {
            ((Stage) userFunction).ended = true;
        }
    }

    /** Collects records and commits them with the checkpoint they belong to, once, whoever is told of it. */
    private static final class Committing extends RichMapFunction<String, String>
            implements CheckpointedFunction, CheckpointListener {

        private transient List<String> current;
        private transient List<Tuple2<String, List<String>>> prepared;
        private transient ListState<Tuple2<String, List<String>>> state;

        @Override
        public String map(String record) {
            current.add(record.substring(0, record.indexOf(':') + 1)); // the number; padding has done its part
            return record;
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) throws Exception {
            prepared.add(Tuple2.of(UUID.randomUUID().toString(), current));
            current = new ArrayList<>();
            state.update(prepared);
        }

        @Override
        public void initializeState(FunctionInitializationContext context) throws Exception {
            current = new ArrayList<>();
            prepared = new ArrayList<>();
            state = context.getOperatorStateStore()
                    .getListState(
                            new ListStateDescriptor<>("prepared", Types.TUPLE(Types.STRING, Types.LIST(Types.STRING))));
            for (Tuple2<String, List<String>> transaction : state.get()) {
                COMMITTED.putIfAbsent(transaction.f0, transaction.f1);
            }
        }

        @Override
        public void notifyCheckpointComplete(long checkpointId) {
            // with one checkpoint at a time, all that is prepared belongs to this one or an earlier one
            prepared.forEach(transaction -> COMMITTED.putIfAbsent(transaction.f0, transaction.f1));
            prepared.clear();
        }
    }
}
