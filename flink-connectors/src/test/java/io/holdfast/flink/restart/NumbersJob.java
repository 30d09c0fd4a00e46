package io.holdfast.flink.restart;

import io.holdfast.flink.config.HoldfastOptions;
import java.util.Map;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** A job of three stages, source → keyed map → rebalance → transactional sink: every number passes each stage once. */
final class NumbersJob {

    /** What a stage of the source takes for a record. */
    static final long PACE_NANOS = 300_000;

    private final String name;
    private int parallelism = 3;
    private long records = 6_000;
    private int paddingBytes;
    private boolean checkpoints = true;
    private long checkpointMs = 100;
    private boolean autoPartition;
    private CheckpointingMode mode = CheckpointingMode.EXACTLY_ONCE;

    NumbersJob() {
        this("");
    }

    /** {@code name} begins the names of its tasks, and is that of its output. */
    NumbersJob(String name) {
        this.name = name;
    }

    NumbersJob records(long count) {
        records = count;
        return this;
    }

    NumbersJob paddingBytes(int bytes) {
        paddingBytes = bytes;
        return this;
    }

    NumbersJob checkpointingMode(CheckpointingMode value) {
        mode = value;
        return this;
    }

    NumbersJob checkpointEveryMs(long interval) {
        checkpointMs = interval;
        return this;
    }

    /** Nothing will be committed. */
    NumbersJob withoutCheckpoints() {
        checkpoints = false;
        return this;
    }

    /** Holdfast chooses the sink of a record. */
    NumbersJob autoPartition() {
        autoPartition = true;
        return this;
    }

    NumbersJob parallelism(int subtasks) {
        parallelism = subtasks;
        return this;
    }

    JobGraph graph() {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.configure(new Configuration().set(HoldfastOptions.AUTO_PARTITION_ENABLED, autoPartition));
        env.setParallelism(parallelism);
        if (checkpoints) {
            env.enableCheckpointing(checkpointMs, mode);
        } else { // then Flink's default is not to restart
            env.configure(Configuration.fromMap(
                    Map.of("restart-strategy.type", "fixed-delay", "restart-strategy.fixed-delay.attempts", "5")));
        }
        String padding = "x".repeat(paddingBytes);
        numbers(env, name + "source", 0, records)
                .map(number -> number + padding)
                .returns(Types.STRING)
                .keyBy(String::hashCode)
                .transform("map", Types.STRING, new Stage(name + "map"))
                .rebalance()
                .transform("sink", Types.STRING, new Stage(name + "sink"))
                .map(new Committing(name))
                .sinkTo(new DiscardingSink<>());
        return env.getStreamGraph().getJobGraph();
    }

    /** Numbers from {@code first} on, each followed by a colon, at a steady pace. */
    static DataStream<String> numbers(StreamExecutionEnvironment env, String stage, long first, long count) {
        return env.fromSource(
                        new NumberSequenceSource(first, first + count - 1),
                        WatermarkStrategy.forMonotonousTimestamps(),
                        stage)
                .map(number -> number + ":")
                .returns(Types.STRING)
                .transform(stage, Types.STRING, new Stage(stage, PACE_NANOS));
    }

    /** Records that are not in the output minus records that are there again. */
    long missing() {
        return records - Committing.committed(name).size();
    }
}
