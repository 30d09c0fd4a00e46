package io.holdfast.benchmarks.job;

import java.util.SplittableRandom;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Counts as {@link CountingMap} does, and keeps a chunk of bytes that cannot be compressed with each of the first records
 * of a key: state that is there, is checkpointed and moves with its task, and is hardly touched any more.
 */
final class StatefulMap extends KeyedProcessFunction<Integer, Numbered, Counted> {

    private static final long serialVersionUID = 1L;

    private final int chunkBytes;
    private final int chunksPerKey;
    private transient int subtask;
    private transient int attempt;
    private transient ValueState<Long> counts;
    private transient MapState<Long, byte[]> chunks;

    StatefulMap(int chunkBytes, int chunksPerKey) {
        this.chunkBytes = chunkBytes;
        this.chunksPerKey = chunksPerKey;
    }

    @Override
    public void open(OpenContext context) {
        subtask = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
        attempt = getRuntimeContext().getTaskInfo().getAttemptNumber();
        counts = getRuntimeContext().getState(new ValueStateDescriptor<>("count", Types.LONG));
        chunks = getRuntimeContext()
                .getMapState(new MapStateDescriptor<>(
                        "chunks", Types.LONG, PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
    }

    @Override
    public void processElement(Numbered record, Context context, Collector<Counted> out) throws Exception {
        Long before = counts.value();
        long count = before == null ? 1 : before + 1;
        counts.update(count);
        if (count <= chunksPerKey) {
            byte[] chunk = new byte[chunkBytes];
            new SplittableRandom(record.key() * 1_000_003L + count).nextBytes(chunk);
            chunks.put(count, chunk);
        }
        out.collect(new Counted(
                record.split(),
                record.sequence(),
                record.key(),
                record.sourceAttempt(),
                subtask,
                attempt,
                count,
                record.emittedMillis(),
                record.payload()));
    }
}
