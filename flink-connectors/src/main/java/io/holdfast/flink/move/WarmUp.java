package io.holdfast.flink.move;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.core.memory.ManagedMemoryUseCase;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.runtime.execution.Environment;
import org.apache.flink.runtime.jobgraph.tasks.AbstractInvokable;
import org.apache.flink.runtime.state.CheckpointStorageAccess;
import org.apache.flink.runtime.state.CheckpointStorageLoader;
import org.apache.flink.runtime.state.CheckpointableKeyedStateBackend;
import org.apache.flink.runtime.state.OperatorStateBackend;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.StateBackendLoader;
import org.apache.flink.runtime.state.filesystem.FsCheckpointStorageAccess;
import org.apache.flink.streaming.api.graph.StreamConfig;
import org.apache.flink.streaming.api.operators.KeyContext;
import org.apache.flink.streaming.api.operators.StreamOperatorStateContext;
import org.apache.flink.streaming.api.operators.StreamTaskStateInitializerImpl;
import org.apache.flink.streaming.runtime.tasks.ProcessingTimeService;
import org.apache.flink.util.clock.Clock;
import org.apache.flink.util.clock.SystemClock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A task that does nothing where a task of the job is about to be put, except what the first one there has to wait for:
 * the job's files are fetched, its class loader is made, classes are loaded, the checkpoint storage is asked something, and
 * an empty state backend is made as the real task will make its own: the first time a library such as RocksDB's is used takes
 * a while. The job's operators are deserialized, and not opened. Task thread.
 */
public final class WarmUp extends AbstractInvokable {

    /** Which class the real task runs. */
    static final ConfigOption<String> INVOKABLE =
            ConfigOptions.key("holdfast.warm-up.invokable").stringType().noDefaultValue();

    /** Names of classes, packed. */
    private static final String CLASSES = "holdfast.warm-up.classes";

    private static final Logger LOG = LoggerFactory.getLogger(WarmUp.class);

    private volatile boolean cancelled;

    /** Flink's task thread. */
    public WarmUp(Environment environment) {
        super(environment);
    }

    /**
     * What such a task is told, of a task with {@code configuration} that runs {@code invokable}.
     *
     * @param classes what {@link ListClasses} said; empty if nothing
     */
    public static Configuration configuration(Configuration configuration, String invokable, byte[] classes) {
        Configuration own = new Configuration(configuration);
        own.set(INVOKABLE, invokable);
        own.setBytes(CLASSES, classes);
        return own;
    }

    @Override
    public void invoke() {
        long began = System.nanoTime();
        try {
            ClassLoader classes = getUserCodeClassLoader();
            Class.forName(getTaskConfiguration().get(INVOKABLE), true, classes);
            int loaded = load(classes);
            StreamConfig head = new StreamConfig(getTaskConfiguration());
            StateBackend backend = backend(head, classes);
            touchStorage(backend, classes);
            for (StreamConfig operator :
                    head.getTransitiveChainedTaskConfigsWithSelf(classes).values()) {
                operator.getStreamOperatorFactory(classes);
                operator.getTypeSerializerOut(classes);
                rehearse(operator, backend, classes);
            }
            LOG.debug("Warmed up: task={} classes={} micros={}", name(), loaded, micros(began));
        } catch (Exception | LinkageError e) { // the real task will say so, if it matters
            LOG.debug("Not warmed up: task={}", name(), e);
        }
    }

    private int load(ClassLoader classes) throws IOException {
        byte[] packed = getTaskConfiguration().getBytes(CLASSES, new byte[0]);
        return packed.length == 0
                ? 0
                : LoadedClasses.load(
                        LoadedClasses.unpacked(packed).stream().takeWhile(name -> !cancelled),
                        classes,
                        name -> name.startsWith("org.apache.flink.") || name.startsWith("io.holdfast.flink."));
    }

    private StateBackend backend(StreamConfig head, ClassLoader classes) throws Exception {
        return StateBackendLoader.fromApplicationOrConfigOrDefault(
                head.getStateBackend(classes),
                getJobConfiguration(),
                getEnvironment().getTaskManagerInfo().getConfiguration(),
                classes,
                LOG);
    }

    /** Connects to where the checkpoints are. */
    private void touchStorage(StateBackend backend, ClassLoader classes) throws Exception {
        CheckpointStorageAccess storage = CheckpointStorageLoader.load(
                        null,
                        backend,
                        getJobConfiguration(),
                        getEnvironment().getTaskManagerInfo().getConfiguration(),
                        classes,
                        LOG)
                .createCheckpointStorage(getEnvironment().getJobID());
        if (storage instanceof FsCheckpointStorageAccess files) {
            files.getFileSystem().exists(files.getCheckpointsDirectory());
        }
    }

    /** Makes what keeps the state of {@code operator}, as its {@code AbstractStreamOperator} does, and disposes of it. */
    private void rehearse(StreamConfig operator, StateBackend backend, ClassLoader classes) throws Exception {
        TypeSerializer<?> keys = operator.getStateKeySerializer(classes);
        try (CloseableRegistry registry = new CloseableRegistry()) {
            StreamOperatorStateContext state = new StreamTaskStateInitializerImpl(getEnvironment(), backend)
                    .streamOperatorStateContext(
                            operator.getOperatorID(),
                            "WarmUp",
                            new NoTime(),
                            new NoKey(),
                            keys,
                            registry,
                            new UnregisteredMetricsGroup(),
                            operator.getManagedMemoryFractionOperatorUseCaseOfSlot(
                                    ManagedMemoryUseCase.STATE_BACKEND,
                                    getJobConfiguration(),
                                    getEnvironment().getTaskManagerInfo().getConfiguration(),
                                    classes),
                            false,
                            false);
            dispose(state);
        }
    }

    private static void dispose(StreamOperatorStateContext state) throws IOException {
        CheckpointableKeyedStateBackend<?> keyed = state.keyedStateBackend();
        if (keyed != null) {
            keyed.close();
            keyed.dispose();
        }
        OperatorStateBackend operator = state.operatorStateBackend();
        if (operator != null) {
            operator.close();
            operator.dispose();
        }
    }

    /** Nothing has a key here. */
    private static final class NoKey implements KeyContext {
        @Override
        public void setCurrentKey(Object key) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Object getCurrentKey() {
            throw new UnsupportedOperationException();
        }
    }

    /** No timer fires here. */
    private static final class NoTime implements ProcessingTimeService {
        @Override
        public Clock getClock() {
            return SystemClock.getInstance();
        }

        @Override
        public ScheduledFuture<?> registerTimer(long timestamp, ProcessingTimeCallback target) {
            throw new UnsupportedOperationException();
        }

        @Override
        public ScheduledFuture<?> scheduleAtFixedRate(ProcessingTimeCallback callback, long initialDelay, long period) {
            throw new UnsupportedOperationException();
        }

        @Override
        public ScheduledFuture<?> scheduleWithFixedDelay(
                ProcessingTimeCallback callback, long initialDelay, long period) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletableFuture<Void> quiesce() {
            return CompletableFuture.completedFuture(null);
        }
    }

    @Override
    public void cancel() {
        cancelled = true;
    }

    private String name() {
        return getEnvironment().getTaskInfo().getTaskName();
    }

    private static long micros(long began) {
        return (System.nanoTime() - began) / 1_000;
    }
}
