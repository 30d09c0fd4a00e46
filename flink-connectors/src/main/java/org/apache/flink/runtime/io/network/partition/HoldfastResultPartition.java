package org.apache.flink.runtime.io.network.partition;

import io.holdfast.flink.autopartition.AutoPartitionMetrics;
import io.holdfast.flink.autopartition.Receivers;
import io.holdfast.flink.autopartition.Router;
import io.holdfast.flink.exchange.ConsumedStream;
import io.holdfast.flink.exchange.Exchanges;
import io.holdfast.flink.exchange.Freezer;
import io.holdfast.flink.exchange.RecordScanner;
import io.holdfast.flink.exchange.TaskExchange;
import io.holdfast.flink.inflight.InFlightStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import javax.annotation.Nullable;
import org.apache.flink.runtime.event.AbstractEvent;
import org.apache.flink.runtime.io.network.api.CheckpointBarrier;
import org.apache.flink.runtime.io.network.api.StopMode;
import org.apache.flink.runtime.io.network.buffer.BufferPool;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.metrics.groups.TaskIOMetricGroup;
import org.apache.flink.runtime.shuffle.HoldfastShuffleDescriptor;
import org.apache.flink.runtime.shuffle.HoldfastShuffleDescriptor.Routing;
import org.apache.flink.util.function.SupplierWithException;

/**
 * A pipelined partition made of {@link HoldfastSubpartition}s. When its producer has finished it stays until the
 * JobMaster releases it: a consumer that restarts must learn where the stream ended.
 *
 * <p>Flink class: {@link PipelinedResultPartition}, read at 2.2.1 and 2.3.0. Here because {@code
 * onConsumedSubpartition} is package-private. No locks of its own.
 *
 * <p>Happens-before: {@code frozen} is of the task thread, which sends barriers; the thread of a legacy source, which emits,
 * holds the checkpoint lock meanwhile, as the task thread does.
 */
public final class HoldfastResultPartition extends PipelinedResultPartition implements TaskExchange.Output {

    private final Exchanges exchanges;
    private final TaskExchange task;
    private final InFlightStore inFlight;
    private final int bufferBytes;

    /** What is known of the consumers, and who chooses among them; null if the job's partitioner does. */
    private final @Nullable Receivers receivers;

    private final @Nullable Router router;
    private int emittedTo;

    private final HoldfastOpenBuffers open;

    /** What the task stopped for behind the last barrier that it sent; null if it did not, or has gone on since. */
    private @Nullable Freezer.Order frozen;

    /** TaskExecutor main thread, while the task is created. */
    HoldfastResultPartition(
            String owningTaskName,
            int partitionIndex,
            HoldfastShuffleDescriptor descriptor,
            ResultPartitionType partitionType,
            ResultSubpartition[] subpartitions,
            int numTargetKeyGroups,
            ResultPartitionManager partitionManager,
            SupplierWithException<BufferPool, IOException> bufferPoolFactory,
            int bufferBytes,
            Exchanges exchanges,
            InFlightStore inFlight) {
        super(
                owningTaskName,
                partitionIndex,
                descriptor.getResultPartitionID(),
                partitionType,
                subpartitions,
                numTargetKeyGroups,
                partitionManager,
                null,
                bufferPoolFactory);
        this.exchanges = exchanges;
        this.inFlight = inFlight;
        this.bufferBytes = bufferBytes;
        boolean chooses = descriptor.routing() != Routing.GIVEN && subpartitions.length > 1;
        receivers = chooses ? new Receivers(subpartitions.length, bufferBytes) : null;
        router = chooses ? router(descriptor.routing()) : null;
        open = new HoldfastOpenBuffers(this, bufferBytes);
        this.task = exchanges.of(descriptor.getResultPartitionID().getProducerId());
        task.add(descriptor.jobId(), this);
    }

    private Router router(Routing routing) {
        int producer = partitionId.getProducerId().getSubtaskIndex();
        return routing == Routing.POWER_OF_TWO_CHOICES
                ? Router.powerOfTwoChoices(receivers, producer)
                : Router.shortestExpectedDelay(receivers, producer);
    }

    /** Any thread. What subpartitions tell of their consumers; null if nobody wants to know. */
    @Nullable
    Receivers receivers() {
        return receivers;
    }

    /** TaskExecutor main thread, while the task is created. Where subpartitions keep what the network has no room for. */
    InFlightStore inFlight() {
        return inFlight;
    }

    /** Any thread. What a network buffer holds. */
    int bufferBytes() {
        return bufferBytes;
    }

    /** Any thread. Number of the producer's attempt. */
    int attempt() {
        return partitionId.getProducerId().getAttemptNumber();
    }

    /** Task thread. Flink sends watermarks and latency markers this way too, and means the subpartition that it gives. */
    @Override
    public void emitRecord(ByteBuffer record, int targetSubpartition) throws IOException {
        if (frozen != null) {
            awaitThaw();
        }
        int subpartition = router == null ? targetSubpartition : route(record, targetSubpartition);
        open.next(record.remaining(), subpartition);
        ((HoldfastSubpartition) subpartitions[subpartition]).writing(record);
        super.emitRecord(record, subpartition);
    }

    private int route(ByteBuffer element, int given) {
        int bytes = element.remaining();
        if (RecordScanner.isRecord(element.get(element.position() + RecordScanner.LENGTH_BYTES))) {
            emittedTo = router.route(bytes, given);
        } else {
            receivers.sent(given, bytes);
            emittedTo = given;
        }
        return emittedTo;
    }

    /** Task thread. With a buffer timeout of 0 Flink flushes where it has sent the last record to, as it believes. */
    @Override
    public void flush(int targetSubpartition) {
        super.flush(router == null ? targetSubpartition : emittedTo);
    }

    /** Task thread, once. */
    @Override
    public void setMetricGroup(TaskIOMetricGroup metrics) {
        super.setMetricGroup(metrics);
        if (receivers != null) {
            AutoPartitionMetrics.register(
                    metrics, getPartitionIndex(), receivers, i -> ((HoldfastSubpartition) subpartitions[i]).credits());
        }
    }

    /** Task thread. */
    @Override
    public void broadcastRecord(ByteBuffer record) throws IOException {
        if (frozen != null) {
            awaitThaw();
        }
        open.nextForAll(record.remaining());
        for (ResultSubpartition subpartition : subpartitions) {
            ((HoldfastSubpartition) subpartition).writing(record);
            if (receivers != null) {
                receivers.sent(subpartition.getSubPartitionIndex(), record.remaining());
            }
        }
        super.broadcastRecord(record);
    }

    // ------------------------------------------------------------------ standing still

    /** Task thread. A frozen task stays here, until it is thawed or cancelled; it may hold the checkpoint lock. */
    private void awaitThaw() {
        task.beforeEmitting(frozen);
        frozen = null;
    }

    /** Task thread. */
    @Override
    public void broadcastEvent(AbstractEvent event, boolean isPriorityEvent) throws IOException {
        if (frozen != null) {
            awaitThaw();
        }
        super.broadcastEvent(event, isPriorityEvent);
        if (event instanceof CheckpointBarrier barrier && !ConsumedStream.isSavepoint(barrier)) {
            frozen = task.afterBarrier(barrier.getId());
        }
    }

    /** Task thread. Flink's version takes a lock that others need. */
    @Override
    public void notifyEndOfData(StopMode mode) throws IOException {
        if (frozen != null) {
            awaitThaw();
        }
        super.notifyEndOfData(mode);
    }

    /** Task thread. */
    @Override
    public void finish() throws IOException {
        if (frozen != null) {
            awaitThaw();
        }
        super.finish();
    }

    /** Task thread. A frozen task is not asked for more; meanwhile it answers mails. */
    @Override
    public CompletableFuture<?> getAvailableFuture() {
        Freezer.Order stopped = frozen;
        return stopped == null || stopped.over().isDone() ? super.getAvailableFuture() : stopped.over();
    }

    // ------------------------------------------------------------------ consumers

    /** Netty thread; an attaching thread if the consumer is local. */
    @Override
    protected ResultSubpartitionView createSubpartitionView(
            int subpartitionIndex, BufferAvailabilityListener availabilityListener) throws IOException {
        try {
            return super.createSubpartitionView(subpartitionIndex, availabilityListener);
        } catch (IllegalStateException released) { // on a netty thread it would close the shared connection
            throw new PartitionNotFoundException(partitionId);
        }
    }

    /** Any thread. A consumer that has read to the end may be lost and come again. */
    @Override
    void onConsumedSubpartition(int subpartitionIndex) {}

    /** Any thread. */
    @Override
    protected void releaseInternal() {
        exchanges.remove(task, this);
        super.releaseInternal();
    }

    /** Canceller thread, or task thread. Also when the partition was never set up, so that nothing will release it. */
    @Override
    public void fail(Throwable cause) {
        task.leave(); // a frozen task must hear at once that it is cancelled
        super.fail(cause);
        exchanges.remove(task, this);
    }

    /** TaskExecutor main thread. */
    @Override
    public IntermediateResultPartitionID partition() {
        return partitionId.getPartitionId();
    }

    /** TaskExecutor main thread. */
    @Override
    public void consumerLost(int subpartition) {
        ((HoldfastSubpartition) subpartitions[subpartition]).consumerLost();
    }

    /** TaskExecutor main thread. */
    @Override
    public void consumerFinished(int subpartition) {
        ((HoldfastSubpartition) subpartitions[subpartition]).consumerFinished();
    }

    /** TaskExecutor main thread. */
    @Override
    public void weight(int subpartition, double weight) {
        if (receivers != null) {
            receivers.weight(subpartition, weight);
        }
    }

    /** TaskExecutor main thread. */
    @Override
    public void hold(int subpartition, long from) {
        ((HoldfastSubpartition) subpartitions[subpartition]).hold(from);
    }

    /** TaskExecutor main thread. */
    @Override
    public void heldAt(int subpartition, long checkpoint) {
        ((HoldfastSubpartition) subpartitions[subpartition]).heldAt(checkpoint);
    }

    /** TaskExecutor main thread. */
    @Override
    public void unhold(int subpartition) {
        ((HoldfastSubpartition) subpartitions[subpartition]).unhold();
    }

    /** TaskExecutor main thread. */
    @Override
    public void forget(int subpartition) {
        ((HoldfastSubpartition) subpartitions[subpartition]).forget();
    }
}
