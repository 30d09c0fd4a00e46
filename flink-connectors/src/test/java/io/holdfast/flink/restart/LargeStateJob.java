package io.holdfast.flink.restart;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.Collector;

/**
 * A job of two stages, source → keeper. A keeper has some MiB of keyed state, and looks at all of it when it starts again. It
 * goes on until it is told to finish. All in the test's JVM, for one test at a time.
 */
final class LargeStateJob {

    static final String KEEPER = "keeper";
    static final int PARALLELISM = 2;
    static final int TASKS = 2 * PARALLELISM;

    private static final long RECORDS = 150_000;
    private static final long PACE_NANOS = 400_000;
    private static final int KEYS = 240;

    /** So that each of two keepers has more than Holdfast thinks worth fetching. */
    private static final int LOAD_BYTES = 64 << 10;

    private static final int LITTLE_BYTES = 64;

    /** The latest count by key. */
    private static final Map<Long, Long> COUNTS = new ConcurrentHashMap<>();

    private static volatile boolean finishing;

    private final Configuration configuration = new Configuration();
    private int loadBytes = LOAD_BYTES;
    private long checkpointMs = 300;

    /** @param backend {@code rocksdb} or {@code hashmap} */
    LargeStateJob(String backend, Path checkpoints) {
        COUNTS.clear();
        finishing = false;
        configuration.addAll(Configuration.fromMap(Map.of(
                "state.backend.type", backend,
                "state.backend.rocksdb.memory.managed", "false",
                "execution.checkpointing.incremental", "true",
                "execution.checkpointing.storage", "filesystem",
                "execution.checkpointing.dir", GuardedFileSystem.uri(checkpoints))));
    }

    Configuration configuration() {
        return configuration;
    }

    /** It has little state, in spite of its name. */
    LargeStateJob little() {
        loadBytes = LITTLE_BYTES;
        return this;
    }

    /** Only who asks for a checkpoint gets one. */
    LargeStateJob checkpointOnRequest() {
        checkpointMs = Duration.ofHours(1).toMillis();
        return this;
    }

    JobGraph graph() {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(configuration);
        env.setParallelism(PARALLELISM);
        env.enableCheckpointing(checkpointMs);
        env.fromSource(new NumberSequenceSource(0, RECORDS - 1), WatermarkStrategy.noWatermarks(), "source")
                .map(new Pace())
                .keyBy(number -> number % KEYS)
                .process(new Keep(loadBytes))
                .name(KEEPER)
                .sinkTo(new DiscardingSink<>());
        return env.getStreamGraph().getJobGraph();
    }

    /** Whether all keys have their state. */
    static boolean isLoaded() {
        return COUNTS.size() == KEYS;
    }

    /** What is left of its records comes without a pause. */
    static void finish() {
        finishing = true;
    }

    /** Records that were not counted, negative if some were counted twice. */
    static long missing() {
        return RECORDS - COUNTS.values().stream().mapToLong(Long::longValue).sum();
    }

    private static final class Pace extends RichMapFunction<Long, Long> {
        @Override
        public Long map(Long number) {
            if (!finishing) {
                LockSupport.parkNanos(PACE_NANOS);
            }
            return number;
        }
    }

    private static final class Keep extends KeyedProcessFunction<Long, Long, Long> {
        private final int loadBytes;
        private transient ValueState<Long> count;
        private transient ValueState<byte[]> load;
        private transient Set<Long> seen;

        Keep(int loadBytes) {
            this.loadBytes = loadBytes;
        }

        @Override
        public void open(OpenContext context) {
            count = getRuntimeContext().getState(new ValueStateDescriptor<>("count", Types.LONG));
            load = getRuntimeContext()
                    .getState(
                            new ValueStateDescriptor<>("load", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
            seen = new HashSet<>();
        }

        @Override
        public void processElement(Long number, Context context, Collector<Long> out) throws Exception {
            long key = context.getCurrentKey();
            Long before = count.value();
            if (before == null) {
                load.update(loadOf(key));
            } else if (seen.add(key) && !Arrays.equals(load.value(), loadOf(key))) {
                throw new IllegalStateException("the state of key %d is not what it was".formatted(key));
            }
            long now = before == null ? 1 : before + 1;
            count.update(now);
            COUNTS.put(key, now);
            out.collect(now);
        }

        /** Cannot be compressed. */
        private byte[] loadOf(long key) {
            byte[] load = new byte[loadBytes];
            new Random(key).nextBytes(load);
            return load;
        }
    }
}
