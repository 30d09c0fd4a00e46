package org.apache.flink.runtime.io.network.partition;

import io.holdfast.flink.exchange.Exchanges;
import io.holdfast.flink.exchange.PlacedPartition;
import io.holdfast.flink.inflight.InFlightStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.flink.runtime.checkpoint.CheckpointOptions;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.io.network.api.CheckpointBarrier;
import org.apache.flink.runtime.io.network.api.StopMode;
import org.apache.flink.runtime.io.network.buffer.BufferPool;
import org.apache.flink.runtime.io.network.buffer.NetworkBufferPool;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.shuffle.HoldfastCommand;
import org.apache.flink.runtime.shuffle.HoldfastShuffleDescriptor;
import org.apache.flink.runtime.shuffle.HoldfastShuffleDescriptor.Routing;
import org.apache.flink.runtime.shuffle.StreamPosition;
import org.apache.flink.runtime.state.CheckpointStorageLocationReference;

/**
 * The sending end of an exchange with one subpartition: Flink's writer and buffer pools above a {@link
 * HoldfastSubpartition}. Records are numbered from 0; each is its length, a tag byte, its number, and padding.
 */
final class ProducingTask implements AutoCloseable {

    /** Bytes of a record without padding. */
    static final int RECORD_BYTES = 4 + 1 + 8;

    private static final byte TAG_RECORD = 1;
    private static final byte TAG_WATERMARK = 2;
    private static final byte TAG_WATERMARK_STATUS = 4;
    private static final int IDLE = -1;

    private final NetworkBufferPool network;
    private final int networkBuffers;
    private final BufferPool pool;
    private final HoldfastSubpartition subpartition;
    private final HoldfastShuffleDescriptor descriptor;
    private final Exchanges exchanges = new Exchanges();
    private final HoldfastResultPartition partition;
    private StreamPosition written = StreamPosition.START;

    /** A task of attempt {@code attempt} with a pool of {@code buffers} buffers of {@code bufferBytes} bytes. */
    ProducingTask(int attempt, int buffers, int bufferBytes, InFlightStore inFlight) throws Exception {
        this(attempt, buffers, bufferBytes, 1, Routing.GIVEN, inFlight);
    }

    /** The same with {@code receivers} subpartitions, among which it may choose. */
    ProducingTask(int attempt, int buffers, int bufferBytes, int receivers, Routing routing, InFlightStore inFlight)
            throws Exception {
        networkBuffers = buffers + 1; // the pool may not take the last one: a shared cluster never is one task's
        network = new NetworkBufferPool(networkBuffers, bufferBytes);
        pool = network.createBufferPool(receivers + 1, buffers, receivers, Integer.MAX_VALUE, 0);
        ResultSubpartition[] subpartitions = new ResultSubpartition[receivers];
        descriptor = PlacedPartition.ofAttempt(attempt, routing);
        partition = new HoldfastResultPartition(
                "producer",
                0,
                descriptor,
                ResultPartitionType.PIPELINED_BOUNDED,
                subpartitions,
                1,
                new ResultPartitionManager(),
                () -> pool,
                bufferBytes,
                exchanges,
                inFlight);
        for (int i = 0; i < receivers; i++) {
            subpartitions[i] = new HoldfastSubpartition(i, 2, bufferBytes, partition);
        }
        subpartition = (HoldfastSubpartition) subpartitions[0];
        partition.setup();
    }

    HoldfastSubpartition subpartition() {
        return subpartition;
    }

    HoldfastResultPartition partition() {
        return partition;
    }

    /** A JobMaster's command for this task, which is on its TaskManager's main thread now. */
    void execute(HoldfastCommand command) {
        Exchanges.execute(attempt(), descriptor.jobId(), List.of(command));
    }

    ExecutionAttemptID attempt() {
        return descriptor.getResultPartitionID().getProducerId();
    }

    IntermediateResultPartitionID partitionId() {
        return descriptor.getResultPartitionID().getPartitionId();
    }

    /** What was written so far. */
    StreamPosition written() {
        return written;
    }

    /** Buffers of the pool that are not in it. */
    int buffersInUse() {
        return pool.bestEffortGetNumOfUsedBuffers();
    }

    ProducingTask records(int count) throws IOException {
        for (int i = 0; i < count; i++) {
            record(0);
        }
        return this;
    }

    ProducingTask record(int paddingBytes) throws IOException {
        emit(nextRecord(paddingBytes), 1);
        return this;
    }

    private ByteBuffer nextRecord(int paddingBytes) {
        ByteBuffer record = ByteBuffer.allocate(RECORD_BYTES + paddingBytes);
        return record.putInt(record.capacity() - 4).put(TAG_RECORD).putLong(written.records());
    }

    /** A record for all consumers. */
    ProducingTask broadcastRecord() throws IOException {
        ByteBuffer record = nextRecord(0).rewind();
        partition.broadcastRecord(record);
        written = written.plus(new StreamPosition(1, record.capacity()));
        return this;
    }

    ProducingTask watermark(long timestamp) throws IOException {
        emit(watermarkOf(timestamp), 0);
        return this;
    }

    private static ByteBuffer watermarkOf(long timestamp) {
        return ByteBuffer.allocate(13).putInt(9).put(TAG_WATERMARK).putLong(timestamp);
    }

    ProducingTask idle() throws IOException {
        emit(ByteBuffer.allocate(9).putInt(5).put(TAG_WATERMARK_STATUS).putInt(IDLE), 0);
        return this;
    }

    private void emit(ByteBuffer element, int records) throws IOException {
        partition.emitRecord(element.rewind(), 0);
        written = written.plus(new StreamPosition(records, element.capacity()));
    }

    ProducingTask barrier(long id) throws IOException {
        partition.broadcastEvent(
                new CheckpointBarrier(
                        id,
                        0,
                        CheckpointOptions.alignedNoTimeout(
                                CheckpointType.CHECKPOINT, CheckpointStorageLocationReference.getDefault())),
                false);
        return this;
    }

    ProducingTask flush() {
        partition.flushAll();
        return this;
    }

    ProducingTask endOfData(StopMode mode) throws IOException {
        partition.notifyEndOfData(mode);
        return this;
    }

    ProducingTask finish() throws IOException {
        partition.finish();
        return this;
    }

    /** Ends the task as a TaskManager does; afterwards every buffer must be back. */
    @Override
    public void close() {
        partition.release();
        partition.close();
    }

    /** Buffers of the network pool that did not come back. */
    int leakedBuffers() {
        return networkBuffers - network.getNumberOfAvailableMemorySegments();
    }

    /** Frees the memory. */
    void destroyNetwork() {
        network.destroyAllBufferPools();
        network.destroy();
    }
}
