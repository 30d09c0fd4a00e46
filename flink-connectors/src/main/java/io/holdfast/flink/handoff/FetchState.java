package io.holdfast.flink.handoff;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import org.apache.flink.api.common.accumulators.LongCounter;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.execution.Environment;
import org.apache.flink.runtime.jobgraph.tasks.AbstractInvokable;
import org.apache.flink.runtime.state.LocalRecoveryConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A task that runs where a task of the job, with the same vertex and index, is about to be put, and fetches that one's
 * local state. It never fails: what was not fetched is read from the checkpoint storage. Task thread.
 */
public final class FetchState extends AbstractInvokable {

    /** What the JobManager is told of a task that has ended, as an accumulator: bytes that came over the network. */
    public static final String BYTES = "holdfast.fetched-bytes";

    /** The same: 1 if what was to be done is done. */
    public static final String DONE = "holdfast.fetched";

    private static final ConfigOption<String> MOVE =
            ConfigOptions.key("holdfast.fetch.move").stringType().noDefaultValue();
    private static final ConfigOption<String> URL =
            ConfigOptions.key("holdfast.fetch.url").stringType().noDefaultValue();
    private static final ConfigOption<String> TOKEN =
            ConfigOptions.key("holdfast.fetch.token").stringType().noDefaultValue();
    private static final ConfigOption<String> ALLOCATION =
            ConfigOptions.key("holdfast.fetch.allocation").stringType().noDefaultValue();
    private static final ConfigOption<Long> CHECKPOINT =
            ConfigOptions.key("holdfast.fetch.checkpoint").longType().noDefaultValue();
    private static final ConfigOption<Boolean> AHEAD =
            ConfigOptions.key("holdfast.fetch.ahead").booleanType().noDefaultValue();

    private static final Logger LOG = LoggerFactory.getLogger(FetchState.class);

    /** Left free of a disk, as a part of what is fetched. */
    private static final int SPARE_PART = 10;

    private final LongCounter bytes = new LongCounter();
    private final LongCounter done = new LongCounter();
    private volatile boolean cancelled;

    /** Flink's task thread. */
    public FetchState(Environment environment) {
        super(environment);
    }

    /**
     * What such a task is told.
     *
     * @param move id of the move that it is a part of
     * @param allocation of the slot that the state is kept for on the other machine, in hexadecimal digits
     * @param ahead whether the files of this checkpoint are only collected, for a later one will have most of them too
     */
    public static Configuration configuration(
            String move, StateOffer offer, String allocation, long checkpoint, boolean ahead) {
        Configuration configuration = new Configuration();
        configuration.set(MOVE, move);
        configuration.set(URL, offer.url().toString());
        configuration.set(TOKEN, offer.token());
        configuration.set(ALLOCATION, allocation);
        configuration.set(CHECKPOINT, checkpoint);
        configuration.set(AHEAD, ahead);
        return configuration;
    }

    @Override
    public void invoke() {
        getEnvironment().getAccumulatorRegistry().getUserMap().put(BYTES, bytes);
        getEnvironment().getAccumulatorRegistry().getUserMap().put(DONE, done);
        LocalRecoveryConfig local = getEnvironment().getTaskStateManager().createLocalRecoveryConfig();
        if (!local.isLocalRecoveryEnabled()
                || local.getLocalStateDirectoryProvider().isEmpty()) {
            LOG.info(
                    "Local state is offered and not fetched, for local recovery is off. Set execution.state-recovery.from-local"
                            + " to true on this TaskManager, or set holdfast.move.state-handoff to false");
            return;
        }
        fetch(new LocalStateDirectory(
                local.getLocalStateDirectoryProvider().get(),
                getTaskConfiguration().get(MOVE)));
    }

    private void fetch(LocalStateDirectory directory) {
        Configuration configuration = getTaskConfiguration();
        long checkpoint = configuration.get(CHECKPOINT);
        StateOffer offer = new StateOffer(URI.create(configuration.get(URL)), configuration.get(TOKEN));
        String task = getEnvironment().getTaskInfo().getTaskName();
        int subtask = getIndexInSubtaskGroup();
        StateClient client = new StateClient(
                offer,
                "%s/%s/%s/%d/%d"
                        .formatted(
                                configuration.get(ALLOCATION),
                                getEnvironment().getJobID().toHexString(),
                                getEnvironment().getJobVertexId().toHexString(),
                                subtask,
                                checkpoint));
        long began = System.nanoTime();
        try {
            directory.open();
            List<StateFile> files = client.list();
            collect(client, directory, files);
            if (!configuration.get(AHEAD) && !cancelled) { // else the real task runs, and Flink would not remove it
                directory.place(checkpoint, files, sourceDirectory(subtask, checkpoint), getUserCodeClassLoader());
            }
            done.add(1);
            LOG.info(
                    "Local state fetched: task={} checkpoint={} ahead={} files={} bytes={} millis={} from={}",
                    task,
                    checkpoint,
                    configuration.get(AHEAD),
                    files.size(),
                    bytes.getLocalValuePrimitive(),
                    (System.nanoTime() - began) / 1_000_000,
                    offer.url());
        } catch (FileNotFoundException e) { // also if a newer checkpoint has replaced this one
            LOG.info("Local state is not there: task={} checkpoint={} detail={}", task, checkpoint, e.getMessage());
        } catch (IOException | RuntimeException e) {
            if (cancelled) {
                LOG.info("Local state is not wanted any more: task={} checkpoint={}", task, checkpoint);
                discard(directory);
                return;
            }
            LOG.warn(
                    "Local state not fetched, it will be read from the checkpoint storage: task={} checkpoint={} from={}",
                    task,
                    checkpoint,
                    offer.url(),
                    e);
            discard(directory);
        }
    }

    private void collect(StateClient client, LocalStateDirectory directory, List<StateFile> files) throws IOException {
        List<StateFile> missing =
                files.stream().filter(file -> !directory.isStaged(file)).toList();
        long needed = missing.stream().mapToLong(StateFile::bytes).sum();
        long usable = directory.usableBytes();
        if (needed + needed / SPARE_PART > usable) {
            throw new IOException("%d bytes are to be fetched and the disk has room for %d. Give local state more room"
                    .formatted(needed, usable));
        }
        for (StateFile file : missing) {
            Path incoming = directory.incoming(file);
            client.fetch(file, incoming, () -> cancelled);
            directory.stage(file, incoming);
            bytes.add(file.bytes());
        }
    }

    private static void discard(LocalStateDirectory directory) {
        try {
            directory.discard();
        } catch (IOException e) { // Flink removes all of it with the slot
            LOG.debug("What was fetched could not be removed", e);
        }
    }

    private String sourceDirectory(int subtask, long checkpoint) {
        return "aid_%s/jid_%s/vtx_%s_sti_%d/chk_%d"
                .formatted(
                        getTaskConfiguration().get(ALLOCATION),
                        getEnvironment().getJobID().toHexString(),
                        getEnvironment().getJobVertexId().toHexString(),
                        subtask,
                        checkpoint);
    }

    @Override
    public void cancel() {
        cancelled = true;
    }
}
