package org.apache.flink.runtime.io.network;

import static org.apache.flink.runtime.io.network.metrics.NettyShuffleMetricFactory.createShuffleIOOwnerMetricGroup;
import static org.apache.flink.runtime.io.network.metrics.NettyShuffleMetricFactory.registerShuffleMetrics;

import io.holdfast.flink.config.HoldfastOptions;
import io.holdfast.flink.exchange.AttachExecutor;
import io.holdfast.flink.exchange.Exchanges;
import io.holdfast.flink.inflight.InFlightMetrics;
import io.holdfast.flink.inflight.InFlightStore;
import io.holdfast.flink.networkmemory.NetworkMemoryMetrics;
import io.holdfast.flink.networkmemory.NetworkMemoryRegistration;
import io.holdfast.flink.networkmemory.NetworkMemorySettings;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import javax.annotation.Nullable;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.io.disk.BatchShuffleReadBufferPool;
import org.apache.flink.runtime.io.disk.FileChannelManager;
import org.apache.flink.runtime.io.disk.FileChannelManagerImpl;
import org.apache.flink.runtime.io.network.buffer.HoldfastNetworkBufferPool;
import org.apache.flink.runtime.io.network.buffer.NetworkBufferPool;
import org.apache.flink.runtime.io.network.netty.NettyConfig;
import org.apache.flink.runtime.io.network.netty.NettyConnectionManager;
import org.apache.flink.runtime.io.network.partition.HoldfastResultPartitionFactory;
import org.apache.flink.runtime.io.network.partition.ResultPartitionFactory;
import org.apache.flink.runtime.io.network.partition.ResultPartitionManager;
import org.apache.flink.runtime.io.network.partition.consumer.HoldfastInputGateFactory;
import org.apache.flink.runtime.io.network.partition.consumer.SingleInputGateFactory;
import org.apache.flink.runtime.io.network.partition.hybrid.tiered.common.TieredStorageConfiguration;
import org.apache.flink.runtime.io.network.partition.hybrid.tiered.netty.TieredStorageNettyServiceImpl;
import org.apache.flink.runtime.io.network.partition.hybrid.tiered.shuffle.TieredResultPartitionFactory;
import org.apache.flink.runtime.io.network.partition.hybrid.tiered.storage.TieredStorageResourceRegistry;
import org.apache.flink.runtime.shuffle.ShuffleEnvironmentContext;
import org.apache.flink.runtime.taskmanager.NettyShuffleEnvironmentConfiguration;
import org.apache.flink.util.concurrent.ExecutorThreadFactory;

/**
 * Flink's network stack with re-attachable partitions and gates in it.
 *
 * <p>Flink class: {@link NettyShuffleEnvironment}, put together as {@link NettyShuffleServiceFactory} does; read at
 * 2.2.1 and 2.3.0. Here because its constructor is package-private. No locks of its own.
 */
public final class HoldfastShuffleEnvironment extends NettyShuffleEnvironment {

    private final Exchanges exchanges;
    private final AttachExecutor attaching;
    private final InFlightStore inFlight;

    /** Null if the network memory cannot be resized. */
    private final @Nullable NetworkMemoryRegistration memory;

    private HoldfastShuffleEnvironment(
            ShuffleEnvironmentContext context,
            NettyShuffleEnvironmentConfiguration config,
            NetworkBufferPool buffers,
            ConnectionManager connections,
            ResultPartitionManager partitions,
            FileChannelManager files,
            ResultPartitionFactory partitionFactory,
            SingleInputGateFactory gateFactory,
            Executor ioExecutor,
            BatchShuffleReadBufferPool batchBuffers,
            ScheduledExecutorService batchExecutor,
            Exchanges exchanges,
            AttachExecutor attaching,
            InFlightStore inFlight,
            @Nullable NetworkMemoryRegistration memory) {
        super(
                context.getTaskExecutorResourceId(),
                config,
                buffers,
                connections,
                partitions,
                files,
                partitionFactory,
                gateFactory,
                ioExecutor,
                batchBuffers,
                batchExecutor);
        this.exchanges = exchanges;
        this.attaching = attaching;
        this.inFlight = inFlight;
        this.memory = memory;
    }

    /** TaskManager start-up thread. */
    public static HoldfastShuffleEnvironment create(ShuffleEnvironmentContext context) {
        NettyShuffleEnvironmentConfiguration config = NettyShuffleEnvironmentConfiguration.fromConfiguration(
                context.getConfiguration(),
                context.getNetworkMemorySize(),
                context.isLocalCommunicationOnly(),
                context.getHostAddress());
        ResultPartitionManager partitions =
                new ResultPartitionManager(config.getPartitionRequestListenerTimeout(), context.getScheduledExecutor());
        NettyConfig netty = config.nettyConfig();
        ConnectionManager connections = netty == null
                ? new LocalConnectionManager()
                : new NettyConnectionManager(
                        partitions, context.getEventPublisher(), netty, config.isConnectionReuseEnabled());
        FileChannelManager files = new FileChannelManagerImpl(config.getTempDirs(), "netty-shuffle");
        NetworkBufferPool buffers = buffers(context.getConfiguration(), config);
        BatchShuffleReadBufferPool batchBuffers =
                new BatchShuffleReadBufferPool(config.batchShuffleReadMemoryBytes(), config.networkBufferSize());
        int batchThreads = Math.max(
                1,
                Math.min(
                        batchBuffers.getMaxConcurrentRequests(),
                        Math.max(context.getNumberOfSlots(), context.getTmpDirPaths().length)));
        ScheduledExecutorService batchExecutor =
                Executors.newScheduledThreadPool(batchThreads, new ExecutorThreadFactory("blocking-shuffle-io"));
        registerShuffleMetrics(context.getParentMetricGroup(), buffers);
        NetworkMemoryRegistration memory = null;
        if (buffers instanceof HoldfastNetworkBufferPool elastic) {
            NetworkMemoryMetrics.register(createShuffleIOOwnerMetricGroup(context.getParentMetricGroup()), elastic);
            memory = new NetworkMemoryRegistration(
                    context.getTaskExecutorResourceId().toString(), elastic);
        }
        TieredStorageConfiguration tiers = config.getTieredStorageConfiguration(); // batch only, and as in Flink
        TieredStorageResourceRegistry tierResources = new TieredStorageResourceRegistry();
        TieredStorageNettyServiceImpl tierNetwork =
                tiers == null ? null : new TieredStorageNettyServiceImpl(tierResources);
        TieredResultPartitionFactory tierPartitions =
                tiers == null ? null : new TieredResultPartitionFactory(tiers, tierNetwork, tierResources);
        Exchanges exchanges = new Exchanges();
        AttachExecutor attaching = new AttachExecutor();
        InFlightStore inFlight = inFlight(context.getConfiguration(), config);
        InFlightMetrics.register(createShuffleIOOwnerMetricGroup(context.getParentMetricGroup()), inFlight);
        return new HoldfastShuffleEnvironment(
                context,
                config,
                buffers,
                connections,
                partitions,
                files,
                new HoldfastResultPartitionFactory(
                        partitions,
                        files,
                        buffers,
                        batchBuffers,
                        batchExecutor,
                        config,
                        tierPartitions,
                        exchanges,
                        inFlight),
                new HoldfastInputGateFactory(
                        context.getTaskExecutorResourceId(),
                        config,
                        connections,
                        partitions,
                        context.getEventPublisher(),
                        buffers,
                        tiers,
                        tierNetwork,
                        exchanges,
                        attaching),
                context.getIoExecutor(),
                batchBuffers,
                batchExecutor,
                exchanges,
                attaching,
                inFlight,
                memory);
    }

    private static InFlightStore inFlight(Configuration configuration, NettyShuffleEnvironmentConfiguration config) {
        return new InFlightStore(
                configuration.get(HoldfastOptions.IN_FLIGHT_LOG_MEMORY).getBytes(),
                configuration.get(HoldfastOptions.IN_FLIGHT_LOG_DISK).getBytes(),
                Arrays.stream(config.getTempDirs()).map(Path::of).toList());
    }

    private static NetworkBufferPool buffers(Configuration configuration, NettyShuffleEnvironmentConfiguration config) {
        int segments = config.numNetworkBuffers();
        int segmentBytes = config.networkBufferSize();
        return configuration.get(HoldfastOptions.NETWORK_MEMORY_ELASTIC)
                ? new HoldfastNetworkBufferPool(
                        NetworkMemorySettings.of(configuration, segments, segmentBytes),
                        config.getRequestSegmentsTimeout())
                : new NetworkBufferPool(segments, segmentBytes, config.getRequestSegmentsTimeout());
    }

    /** TaskManager's closing thread. */
    @Override
    public void close() {
        if (memory != null) {
            memory.close();
        }
        attaching.close();
        exchanges.close();
        super.close();
        inFlight.close();
    }
}
