package org.apache.flink.runtime.io.network.partition.consumer;

import io.holdfast.flink.autopartition.Consumption;
import io.holdfast.flink.autopartition.Feedback;
import io.holdfast.flink.exchange.AttachExecutor;
import io.holdfast.flink.exchange.TaskExchange;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import javax.annotation.Nullable;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.core.memory.MemorySegmentProvider;
import org.apache.flink.metrics.Counter;
import org.apache.flink.runtime.checkpoint.channel.InputChannelInfo;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.io.PullingAsyncDataInput;
import org.apache.flink.runtime.io.network.buffer.BufferPool;
import org.apache.flink.runtime.io.network.metrics.InputChannelMetrics;
import org.apache.flink.runtime.io.network.partition.PartitionProducerStateProvider;
import org.apache.flink.runtime.io.network.partition.ResultPartitionType;
import org.apache.flink.runtime.jobgraph.IntermediateDataSetID;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.shuffle.HoldfastReport;
import org.apache.flink.runtime.shuffle.HoldfastShuffleDescriptor;
import org.apache.flink.runtime.shuffle.NettyShuffleDescriptor;
import org.apache.flink.runtime.throughput.BufferDebloater;
import org.apache.flink.runtime.throughput.ThroughputCalculator;
import org.apache.flink.util.function.SupplierWithException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A gate of {@link HoldfastInputChannel}s, which takes the JobMaster's word about producers and tells it what its
 * channels did.
 *
 * <p>Flink class: {@link SingleInputGate}, read at 2.2.1 and 2.3.0. Here because {@code notifyChannelNonEmpty} and the
 * channels it holds are package-private.
 *
 * <p>Locks: {@code telling}, which comes before those of the channels, keeps what was taken to be told from being
 * overtaken by the news that the task has ended.
 *
 * <p>Happens-before: what is due is noted under a channel's lock before {@code reportScheduled} is looked at; {@link
 * #report} resets that before it takes the channels' locks. So whoever finds it set will still be asked. {@code
 * closing} is volatile, and set when what was due is told. Everything else is written before the task thread, or the
 * first work on an attaching thread, is started.
 */
public final class HoldfastInputGate extends SingleInputGate implements TaskExchange.Input {

    private static final Logger LOG = LoggerFactory.getLogger(HoldfastInputGate.class);

    /** Reports of channels that attach within this time go to the JobMaster in one message. */
    private static final long REPORT_DELAY_MS = 10;

    private static final long REPORT_RETRY_MS = 500;

    /** Channels in one message, which must fit into a frame of the RPC system. */
    private static final int REPORTED_AT_ONCE = 64;

    private final IntermediateDataSetID dataSet;
    private final TaskExchange task;
    private final Runnable forget;
    private final AttachExecutor attaching;
    private final PartitionProducerStateProvider producers;
    private final InputChannelMetrics metrics;
    private final HoldfastInputGateFactory links;

    /** What producers that choose among consumers are told; null if this gate's do not. */
    private final @Nullable Feedback feedback;

    private final Map<IntermediateResultPartitionID, List<HoldfastInputChannel>> byPartition = new HashMap<>();
    private final List<HoldfastInputChannel> all = new ArrayList<>();
    private final AtomicBoolean reportScheduled = new AtomicBoolean();
    private final Object telling = new Object();
    private int exclusiveBuffers;
    private volatile boolean closing;

    /** TaskExecutor main thread, while the task is created. */
    HoldfastInputGate(
            String owningTaskName,
            int gateIndex,
            IntermediateDataSetID dataSet,
            ResultPartitionType type,
            int numberOfInputChannels,
            PartitionProducerStateProvider producers,
            SupplierWithException<BufferPool, IOException> bufferPoolFactory,
            MemorySegmentProvider memorySegmentProvider,
            int segmentSize,
            ThroughputCalculator throughput,
            BufferDebloater debloater,
            InputChannelMetrics metrics,
            TaskExchange task,
            Consumer<HoldfastInputGate> forget,
            AttachExecutor attaching,
            @Nullable Feedback feedback,
            HoldfastInputGateFactory links) {
        super(
                owningTaskName,
                gateIndex,
                dataSet,
                type,
                numberOfInputChannels,
                producers,
                bufferPoolFactory,
                null,
                memorySegmentProvider,
                segmentSize,
                throughput,
                debloater);
        this.dataSet = dataSet;
        this.producers = producers;
        this.metrics = metrics;
        this.task = task;
        this.forget = () -> forget.accept(this);
        this.attaching = attaching;
        this.feedback = feedback;
        this.links = links;
    }

    /** TaskExecutor main thread, while the task is created; before any other method. */
    void channels(List<HoldfastInputChannel> channels) {
        for (HoldfastInputChannel channel : channels) {
            all.add(channel);
            byPartition
                    .computeIfAbsent(channel.getPartitionId().getPartitionId(), ignored -> new ArrayList<>())
                    .add(channel);
        }
        setInputChannels(channels.toArray(new InputChannel[0]));
    }

    // ------------------------------------------------------------------ the JobMaster's word

    /** TaskExecutor main thread. */
    @Override
    public void producerLost(IntermediateResultPartitionID partition, int attempt) {
        for (HoldfastInputChannel channel : byPartition.getOrDefault(partition, List.of())) {
            attaching.execute(() -> channel.producerLost(attempt));
        }
    }

    /** TaskExecutor main thread. */
    @Override
    public void producerAt(HoldfastShuffleDescriptor descriptor) {
        IntermediateResultPartitionID partition =
                descriptor.getResultPartitionID().getPartitionId();
        for (HoldfastInputChannel channel : byPartition.getOrDefault(partition, List.of())) {
            attaching.execute(() -> channel.producerAt(descriptor));
        }
    }

    /** Any thread. Flink's own way to replace an unknown channel; streams have none. */
    @Override
    public void updateInputChannel(ResourceID localLocation, NettyShuffleDescriptor descriptor) {
        if (descriptor instanceof HoldfastShuffleDescriptor reattachable) {
            producerAt(reattachable);
        }
    }

    // ------------------------------------------------------------------ asking and telling the JobMaster

    /** What the JobMaster knows of a producer. */
    enum ProducerAnswer {
        FINISHED,
        OTHER
    }

    /** Attaching thread; the answer comes on a thread of Flink's. */
    void askProducer(HoldfastShuffleDescriptor producer, Consumer<ProducerAnswer> answer) {
        producers.requestPartitionProducerState(dataSet, producer.getResultPartitionID(), response -> {
            boolean finished = response.getProducerExecutionState().isLeft()
                    && response.getProducerExecutionState().left() == ExecutionState.FINISHED;
            answer.accept(finished ? ProducerAnswer.FINISHED : ProducerAnswer.OTHER);
        });
    }

    /** Whether a task may attach a broken channel again. */
    enum Leave {
        GRANTED,
        /** Another attempt has taken the task's place; it will be told so by its TaskManager soon. */
        REFUSED,
        /** The JobMaster did not answer. */
        UNKNOWN
    }

    /** Attaching thread; the answer comes on a thread of Flink's. */
    void askLeave(Consumer<Leave> answer) {
        HoldfastReport question = new HoldfastReport(dataSet, task.attempt(), List.of());
        producers.requestPartitionProducerState(question, all.get(0).getPartitionId(), response -> {
            if (response.getProducerExecutionState().isRight()) {
                answer.accept(Leave.UNKNOWN);
            } else {
                boolean current = response.getProducerExecutionState().left() == ExecutionState.RUNNING;
                answer.accept(current ? Leave.GRANTED : Leave.REFUSED);
            }
        });
    }

    /** Any thread; it may hold a channel's lock. */
    void reportSoon() {
        reportAfter(REPORT_DELAY_MS);
    }

    private void reportAfter(long delayMs) {
        if (!closing && reportScheduled.compareAndSet(false, true)) {
            attaching.schedule(this::report, delayMs);
        }
    }

    /** Attaching thread. */
    private void report() {
        reportScheduled.set(false);
        if (!closing) {
            tellWhatIsDue();
        }
    }

    /** Any thread. When it returns, all that was due is on its way to the JobMaster. */
    private void tellWhatIsDue() {
        synchronized (telling) {
            List<HoldfastInputChannel> told = new ArrayList<>();
            List<HoldfastReport.Attached> attached = new ArrayList<>();
            for (HoldfastInputChannel channel : all) {
                HoldfastReport.Attached due = channel.takeReport().orElse(null);
                if (due != null) {
                    told.add(channel);
                    attached.add(due);
                }
                if (told.size() == REPORTED_AT_ONCE) {
                    tell(told, attached);
                    told = new ArrayList<>();
                    attached = new ArrayList<>();
                }
            }
            if (!told.isEmpty()) {
                tell(told, attached);
            }
        }
    }

    private void tell(List<HoldfastInputChannel> told, List<HoldfastReport.Attached> attached) {
        HoldfastReport report = new HoldfastReport(dataSet, task.attempt(), attached);
        producers.requestPartitionProducerState(report, told.get(0).getPartitionId(), response -> {
            if (response.getProducerExecutionState().isRight()) {
                LOG.info(
                        "Report not delivered, repeating: task={} channels={} retryMs={} cause={}",
                        getOwningTaskName(),
                        told.size(),
                        REPORT_RETRY_MS,
                        response.getProducerExecutionState().right().toString());
                told.forEach(HoldfastInputChannel::reportAgain);
                reportAfter(REPORT_RETRY_MS);
            }
        });
    }

    // ------------------------------------------------------------------ reading

    /** Task thread. */
    @Override
    public Optional<BufferOrEvent> pollNext() throws IOException, InterruptedException {
        task.service().come();
        Optional<BufferOrEvent> next = super.pollNext();
        task.service().gone(next.isPresent() && next.get().moreAvailable());
        return next;
    }

    /** Task thread. */
    @Override
    public Optional<BufferOrEvent> getNext() throws IOException, InterruptedException {
        task.service().come();
        Optional<BufferOrEvent> next = super.getNext();
        task.service().gone(next.isPresent() && next.get().moreAvailable());
        return next;
    }

    /** Task thread. A task that is to freeze stays here. */
    @Override
    public void resumeConsumption(InputChannelInfo channel) throws IOException {
        task.beforeResuming();
        super.resumeConsumption(channel);
    }

    /** Task thread. */
    @Override
    public boolean isBehind(long id) {
        return all.stream().allMatch(channel -> channel.isBehind(id));
    }

    // ------------------------------------------------------------------ for its channels

    /** TaskExecutor main thread, while the task is created. For one channel; null if its producer does not choose. */
    @Nullable
    Consumption consumption() {
        return feedback == null ? null : feedback.channel();
    }

    /** Any thread. */
    TaskExchange task() {
        return task;
    }

    /** Any thread. */
    AttachExecutor attaching() {
        return attaching;
    }

    /** Any thread. */
    boolean isClosing() {
        return closing;
    }

    /** Task thread. Whether all channels have reached the end of their data. */
    boolean allDataRead() {
        return hasReceivedEndOfData() != PullingAsyncDataInput.EndOfDataStatus.NOT_END_OF_DATA;
    }

    /** Attaching thread. A link, not opened yet, to where {@code producer} is. */
    HoldfastLink newLink(HoldfastInputChannel channel, HoldfastShuffleDescriptor producer) {
        return links.newLink(channel, producer, this, metrics);
    }

    /** TaskExecutor main thread, while the task is created. */
    void exclusiveBuffers(int buffersPerChannel) {
        exclusiveBuffers = buffersPerChannel;
    }

    /** Attaching thread. Buffers that belong to each remote link alone. */
    int exclusiveBuffers() {
        return exclusiveBuffers;
    }

    Counter bytesIn() {
        return metrics.getNumBytesInRemoteCounter();
    }

    Counter buffersIn() {
        return metrics.getNumBuffersInRemoteCounter();
    }

    // ------------------------------------------------------------------ life

    /** Any thread. What is due is told before Flink says that the task has ended: then the JobMaster expects no more. */
    @Override
    public void close() throws IOException {
        tellWhatIsDue();
        closing = true;
        task.leave(); // whoever cancels the task closes its gates: a frozen one must hear of it at once
        super.close();
        forget.run();
    }

    /** Never needed: a channel repairs its own link. */
    @Override
    public void retriggerPartitionRequest(IntermediateResultPartitionID partitionId, InputChannelInfo channel) {}

    /** Metrics thread. Flink's gauges look for remote channels: show the links. */
    @Override
    public Map<Tuple2<IntermediateResultPartitionID, InputChannelInfo>, InputChannel> getInputChannels() {
        Map<Tuple2<IntermediateResultPartitionID, InputChannelInfo>, InputChannel> visible = new HashMap<>();
        for (HoldfastInputChannel channel : all) {
            visible.put(
                    Tuple2.of(channel.getPartitionId().getPartitionId(), channel.getChannelInfo()), channel.visible());
        }
        return visible;
    }
}
