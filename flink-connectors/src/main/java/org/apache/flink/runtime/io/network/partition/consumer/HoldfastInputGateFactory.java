package org.apache.flink.runtime.io.network.partition.consumer;

import static org.apache.flink.runtime.io.network.partition.consumer.InputGateSpecUtils.createGateBuffersSpec;

import io.holdfast.flink.autopartition.Feedback;
import io.holdfast.flink.exchange.AttachExecutor;
import io.holdfast.flink.exchange.Exchanges;
import io.holdfast.flink.exchange.TaskExchange;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.deployment.InputGateDeploymentDescriptor;
import org.apache.flink.runtime.executiongraph.IndexRange;
import org.apache.flink.runtime.io.network.ConnectionID;
import org.apache.flink.runtime.io.network.ConnectionManager;
import org.apache.flink.runtime.io.network.TaskEventPublisher;
import org.apache.flink.runtime.io.network.buffer.NetworkBufferPool;
import org.apache.flink.runtime.io.network.metrics.InputChannelMetrics;
import org.apache.flink.runtime.io.network.partition.PartitionProducerStateProvider;
import org.apache.flink.runtime.io.network.partition.ResultPartitionID;
import org.apache.flink.runtime.io.network.partition.ResultPartitionManager;
import org.apache.flink.runtime.io.network.partition.ResultSubpartitionIndexSet;
import org.apache.flink.runtime.io.network.partition.hybrid.tiered.common.TieredStorageConfiguration;
import org.apache.flink.runtime.io.network.partition.hybrid.tiered.netty.TieredStorageNettyServiceImpl;
import org.apache.flink.runtime.metrics.MetricNames;
import org.apache.flink.runtime.shuffle.HoldfastShuffleDescriptor;
import org.apache.flink.runtime.shuffle.HoldfastShuffleDescriptor.Routing;
import org.apache.flink.runtime.shuffle.ShuffleDescriptor;
import org.apache.flink.runtime.shuffle.ShuffleIOOwnerContext;
import org.apache.flink.runtime.taskmanager.NettyShuffleEnvironmentConfiguration;
import org.apache.flink.runtime.throughput.BufferDebloatConfiguration;
import org.apache.flink.runtime.throughput.BufferDebloater;
import org.apache.flink.runtime.throughput.ThroughputCalculator;
import org.apache.flink.util.clock.SystemClock;

/**
 * Makes re-attachable gates where the JobMaster asks for them, and Flink's own everywhere else.
 *
 * <p>Flink class: {@link SingleInputGateFactory}, read at 2.2.1 and 2.3.0. Here because {@link GateBuffersSpec} and the
 * links' constructors are package-private. No locks.
 */
public final class HoldfastInputGateFactory extends SingleInputGateFactory {

    private final NettyShuffleEnvironmentConfiguration config;
    private final Exchanges exchanges;
    private final AttachExecutor attaching;

    /** TaskManager start-up thread. */
    public HoldfastInputGateFactory(
            ResourceID taskExecutor,
            NettyShuffleEnvironmentConfiguration config,
            ConnectionManager connectionManager,
            ResultPartitionManager partitionManager,
            TaskEventPublisher taskEventPublisher,
            NetworkBufferPool networkBufferPool,
            TieredStorageConfiguration tiers,
            TieredStorageNettyServiceImpl tierNetwork,
            Exchanges exchanges,
            AttachExecutor attaching) {
        super(
                taskExecutor,
                config,
                connectionManager,
                partitionManager,
                taskEventPublisher,
                networkBufferPool,
                tiers,
                tierNetwork);
        this.config = config;
        this.exchanges = exchanges;
        this.attaching = attaching;
    }

    /** TaskExecutor main thread, while the task is created. */
    @Override
    public SingleInputGate create(
            ShuffleIOOwnerContext owner,
            int gateIndex,
            InputGateDeploymentDescriptor descriptor,
            PartitionProducerStateProvider producers,
            InputChannelMetrics metrics) {
        ShuffleDescriptor[] shuffleDescriptors = descriptor.getShuffleDescriptors();
        if (!(shuffleDescriptors[0] instanceof HoldfastShuffleDescriptor first)) {
            return super.create(owner, gateIndex, descriptor, producers, metrics);
        }
        GateBuffersSpec buffers = createGateBuffersSpec(
                config.maxRequiredBuffersPerGate(),
                configuredNetworkBuffersPerChannel,
                config.floatingNetworkBuffersPerGate(),
                descriptor.getConsumedPartitionType(),
                descriptor.getNumConsumedShuffleDescriptors(),
                false);
        TaskExchange task = exchanges.of(owner.getExecutionAttemptID());
        HoldfastInputGate gate = new HoldfastInputGate(
                owner.getOwnerName(),
                gateIndex,
                descriptor.getConsumedResultId(),
                descriptor.getConsumedPartitionType(),
                descriptor.getNumConsumedShuffleDescriptors(),
                producers,
                createBufferPoolFactory(
                        networkBufferPool, buffers.getRequiredFloatingBuffers(), buffers.getTotalFloatingBuffers()),
                networkBufferPool,
                config.networkBufferSize(),
                new ThroughputCalculator(SystemClock.getInstance()),
                debloater(owner.getOwnerName(), gateIndex, owner.getInputGroup().addGroup(gateIndex)),
                metrics,
                task,
                closed -> exchanges.remove(task, closed),
                attaching,
                feedback(task, first, descriptor.getNumConsumedShuffleDescriptors()),
                this);
        gate.exclusiveBuffers(buffers.getEffectiveExclusiveBuffersPerChannel());
        List<HoldfastInputChannel> channels = new ArrayList<>();
        for (IndexRange range : descriptor.getConsumedShuffleDescriptorRanges()) {
            for (int i = range.getStartIndex(); i <= range.getEndIndex(); i++) {
                channels.add(new HoldfastInputChannel(
                        gate,
                        channels.size(),
                        (HoldfastShuffleDescriptor) shuffleDescriptors[i],
                        new ResultSubpartitionIndexSet(descriptor.getConsumedSubpartitionRange(i))));
            }
        }
        gate.channels(channels);
        task.add(first.jobId(), gate);
        return gate;
    }

    private Feedback feedback(TaskExchange task, HoldfastShuffleDescriptor producer, int channels) {
        return producer.routing() == Routing.GIVEN
                ? null
                : new Feedback(task.service(), channels, attaching::schedule, System::nanoTime);
    }

    private BufferDebloater debloater(String task, int gateIndex, MetricGroup group) {
        BufferDebloatConfiguration debloating = config.getDebloatConfiguration();
        if (!debloating.isEnabled()) {
            return null;
        }
        BufferDebloater debloater = new BufferDebloater(
                task,
                gateIndex,
                debloating.getTargetTotalTime().toMillis(),
                debloating.getStartingBufferSize(),
                debloating.getMaxBufferSize(),
                debloating.getMinBufferSize(),
                debloating.getBufferDebloatThresholdPercentages(),
                debloating.getNumberOfSamples());
        group.gauge(
                MetricNames.ESTIMATED_TIME_TO_CONSUME_BUFFERS,
                () -> debloater.getLastEstimatedTimeToConsumeBuffers().toMillis());
        group.gauge(MetricNames.DEBLOATED_BUFFER_SIZE, debloater::getLastBufferSize);
        return debloater;
    }

    /** Attaching thread. Local or remote is decided anew for every attempt of the producer. */
    HoldfastLink newLink(
            HoldfastInputChannel channel,
            HoldfastShuffleDescriptor producer,
            HoldfastInputGate gate,
            InputChannelMetrics metrics) {
        if (producer.isLocalTo(taskExecutorResourceId)) {
            return new HoldfastLocalLink(
                    channel,
                    new LocalParts(
                            gate,
                            channel.getChannelIndex(),
                            producer.getResultPartitionID(),
                            channel.getConsumedSubpartitionIndexSet(),
                            partitionManager,
                            taskEventPublisher,
                            metrics.getNumBytesInLocalCounter(),
                            metrics.getNumBuffersInLocalCounter()));
        }
        return new HoldfastRemoteLink(
                channel,
                new RemoteParts(
                        gate,
                        channel.getChannelIndex(),
                        producer.getResultPartitionID(),
                        channel.getConsumedSubpartitionIndexSet(),
                        producer.getConnectionId(),
                        connectionManager,
                        partitionRequestListenerTimeout,
                        gate.exclusiveBuffers(),
                        metrics.getNumBytesInRemoteCounter(),
                        metrics.getNumBuffersInRemoteCounter()));
    }

    /** What a local channel is made of; Flink's constructors differ from minor to minor. */
    record LocalParts(
            SingleInputGate gate,
            int index,
            ResultPartitionID partition,
            ResultSubpartitionIndexSet subpartitions,
            ResultPartitionManager partitions,
            TaskEventPublisher events,
            Counter bytesIn,
            Counter buffersIn) {}

    /** What a remote channel is made of; Flink's constructors differ from minor to minor. */
    record RemoteParts(
            SingleInputGate gate,
            int index,
            ResultPartitionID partition,
            ResultSubpartitionIndexSet subpartitions,
            ConnectionID connection,
            ConnectionManager connections,
            int requestTimeoutMs,
            int exclusiveBuffers,
            Counter bytesIn,
            Counter buffersIn) {}
}
