package org.apache.flink.runtime.io.network.partition.consumer;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.exchange.AttachExecutor;
import io.holdfast.flink.exchange.AttachedEvent;
import io.holdfast.flink.exchange.Exchanges;
import io.holdfast.flink.exchange.PlacedPartition;
import io.holdfast.flink.exchange.SequenceWord;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.deployment.InputGateDeploymentDescriptor;
import org.apache.flink.runtime.deployment.TaskDeploymentDescriptorFactory.ShuffleDescriptorAndIndex;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.ExecutionGraphTestUtils;
import org.apache.flink.runtime.io.network.ConnectionID;
import org.apache.flink.runtime.io.network.PartitionRequestClient;
import org.apache.flink.runtime.io.network.TaskEventDispatcher;
import org.apache.flink.runtime.io.network.TestingConnectionManager;
import org.apache.flink.runtime.io.network.TestingPartitionRequestClient;
import org.apache.flink.runtime.io.network.api.serialization.EventSerializer;
import org.apache.flink.runtime.io.network.buffer.Buffer;
import org.apache.flink.runtime.io.network.buffer.NetworkBufferPool;
import org.apache.flink.runtime.io.network.metrics.InputChannelMetrics;
import org.apache.flink.runtime.io.network.partition.PartitionProducerStateProvider.ResponseHandle;
import org.apache.flink.runtime.io.network.partition.ResultPartitionID;
import org.apache.flink.runtime.io.network.partition.ResultPartitionManager;
import org.apache.flink.runtime.io.network.partition.ResultPartitionType;
import org.apache.flink.runtime.io.network.partition.ResultSubpartitionIndexSet;
import org.apache.flink.runtime.shuffle.BarrierPositions;
import org.apache.flink.runtime.shuffle.HoldfastShuffleDescriptor;
import org.apache.flink.runtime.shuffle.HoldfastShuffleDescriptor.Routing;
import org.apache.flink.runtime.shuffle.ShuffleIOOwnerContext;
import org.apache.flink.runtime.shuffle.StreamPosition;
import org.apache.flink.runtime.taskmanager.NettyShuffleEnvironmentConfiguration;
import org.apache.flink.types.Either;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The receiving end of an exchange whose producer is on another TaskManager: a gate with one channel as a TaskManager
 * makes it, and its buffers. The network is the test's, on whose thread things arrive. Records are one to a buffer.
 */
final class RemoteReader implements BeforeEachCallback, AfterEachCallback {

    private static final byte TAG_RECORD = 1;
    private static final int NUMBER_AT = Integer.BYTES + 1;
    private static final int RECORD_BYTES = NUMBER_AT + Long.BYTES;
    private static final int WAIT_SECONDS = 10;

    private final AttachExecutor attaching = new AttachExecutor();
    private final BlockingQueue<RemoteInputChannel> requests = new LinkedBlockingQueue<>();
    private final List<HoldfastLink> lonely = new ArrayList<>();
    private HoldfastShuffleDescriptor producer;
    private NetworkBufferPool buffers;
    private HoldfastInputGate gate;

    /** What was sent, whether it arrived or not. */
    private StreamPosition sent = StreamPosition.START;

    @Override
    public void beforeEach(ExtensionContext context) throws Exception {
        producer = PlacedPartition.ofAttempt(0, Routing.GIVEN);
        NettyShuffleEnvironmentConfiguration config = NettyShuffleEnvironmentConfiguration.fromConfiguration(
                new Configuration(), MemorySize.ofMebiBytes(1), true, InetAddress.getLoopbackAddress());
        buffers = new NetworkBufferPool(config.numNetworkBuffers(), config.networkBufferSize());
        UnregisteredMetricsGroup metrics = new UnregisteredMetricsGroup();
        ResultPartitionID partition = producer.getResultPartitionID();
        gate = (HoldfastInputGate) new HoldfastInputGateFactory(
                        ResourceID.generate(),
                        config,
                        new Network(),
                        new ResultPartitionManager(),
                        new TaskEventDispatcher(),
                        buffers,
                        null,
                        null,
                        new Exchanges(),
                        attaching)
                .create(
                        new ShuffleIOOwnerContext(
                                "reader",
                                ExecutionGraphTestUtils.createExecutionAttemptId(),
                                metrics,
                                metrics,
                                metrics),
                        0,
                        new InputGateDeploymentDescriptor(
                                partition.getPartitionId().getIntermediateDataSetID(),
                                ResultPartitionType.PIPELINED_BOUNDED,
                                0,
                                new ShuffleDescriptorAndIndex[] {new ShuffleDescriptorAndIndex(producer, 0)}),
                        (dataSet, asked, answer) -> answer.accept(new EverybodyRuns()),
                        new InputChannelMetrics(metrics));
        gate.setup();
    }

    /** Ends the task as a TaskManager does; then every buffer must be back. */
    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        lonely.forEach(HoldfastLink::close);
        gate.close();
        attaching.close();
        assertThat(buffers.getNumberOfAvailableMemorySegments())
                .as("buffers that came back")
                .isEqualTo(buffers.getTotalNumberOfMemorySegments());
        buffers.destroyAllBufferPools();
        buffers.destroy();
    }

    /** The task is ready to read, and the producer's TaskManager hears of it. */
    Incoming attach() throws Exception {
        gate.requestPartitions();
        return attached();
    }

    /** The producer's TaskManager hears from the channel again. */
    Incoming attached() throws InterruptedException {
        RemoteInputChannel request = requests.poll(WAIT_SECONDS, TimeUnit.SECONDS);
        assertThat(request).as("request for the subpartition").isNotNull();
        return new Incoming(request);
    }

    /** A link of which the channel knows nothing, so that nobody reads from it, or repairs it. */
    HoldfastLink lonelyLink() throws Exception {
        HoldfastLink link = gate.newLink((HoldfastInputChannel) gate.getChannel(0), producer);
        lonely.add(link);
        link.open();
        return link;
    }

    /** The number of the next record. Waits for it. */
    long read() throws Exception {
        BufferOrEvent next = gate.getNext().orElseThrow();
        assertThat(next.isBuffer()).as("a buffer: %s", next).isTrue();
        return numberIn(next.getBuffer());
    }

    /** The number of the record in {@code buffer}, which goes back. */
    static long numberIn(Buffer buffer) {
        try {
            return buffer.getNioBufferReadable().getLong(NUMBER_AT);
        } finally {
            buffer.recycleBuffer();
        }
    }

    /** What arrives for one request. */
    final class Incoming {

        private final RemoteInputChannel receiver;

        private Incoming(RemoteInputChannel receiver) {
            this.receiver = receiver;
        }

        /** The first buffer: the producer says where its stream begins. */
        Incoming greeting() throws Exception {
            AttachedEvent greeting =
                    new AttachedEvent(0, sent, new BarrierPositions(), -1, Long.MIN_VALUE, false, null, false);
            receiver.onBuffer(
                    EventSerializer.toBuffer(greeting, false), SequenceWord.of(0, SequenceWord.UNKNOWN), 0, 0);
            return this;
        }

        /** A buffer with the record {@code number}. */
        Incoming record(int word, long number) throws Exception {
            Buffer buffer = receiver.requestBuffer();
            assertThat(buffer).as("buffer for what arrives").isNotNull();
            buffer.asByteBuf()
                    .writeInt(RECORD_BYTES - Integer.BYTES)
                    .writeByte(TAG_RECORD)
                    .writeLong(number);
            receiver.onBuffer(buffer, word, 0, 0);
            sent = sent.plus(new StreamPosition(1, RECORD_BYTES));
            return this;
        }

        /** A buffer with nothing in it. */
        Incoming nothing(int word) throws Exception {
            receiver.onEmptyBuffer(word, 0);
            return this;
        }

        /** Whether the channel has turned away from it. */
        boolean isReleased() {
            return receiver.isReleased();
        }
    }

    /** Hands requests for the subpartition to the test. */
    private final class Network extends TestingConnectionManager {

        private final PartitionRequestClient client = new TestingPartitionRequestClient() {
            @Override
            public void requestSubpartition(
                    ResultPartitionID partition,
                    ResultSubpartitionIndexSet subpartitions,
                    RemoteInputChannel receiver,
                    int delayMs) {
                assertThat(partition).isEqualTo(producer.getResultPartitionID());
                requests.add(receiver);
            }
        };

        @Override
        public PartitionRequestClient createPartitionRequestClient(ConnectionID connection) {
            return client;
        }
    }

    /** What a JobMaster says that has lost nobody. */
    private record EverybodyRuns() implements ResponseHandle {

        @Override
        public ExecutionState getConsumerExecutionState() {
            return ExecutionState.RUNNING;
        }

        @Override
        public Either<ExecutionState, Throwable> getProducerExecutionState() {
            return Either.Left(ExecutionState.RUNNING);
        }

        @Override
        public void cancelConsumption() {
            throw new UnsupportedOperationException("cancelConsumption");
        }

        @Override
        public void failConsumption(Throwable cause) {
            throw new UnsupportedOperationException("failConsumption", cause);
        }
    }
}
