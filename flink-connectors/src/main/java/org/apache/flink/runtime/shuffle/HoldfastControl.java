package org.apache.flink.runtime.shuffle;

import io.holdfast.flink.exchange.Exchanges;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.executiongraph.PartitionInfo;

/**
 * Commands of a JobMaster to one TaskManager. They ride on Flink's {@code TaskExecutorGateway.updatePartitions}: the
 * TaskExecutor iterates over its argument in its main thread before it answers, so the commands were carried out when
 * the answer arrives. If the addressed attempt is not there any more the TaskExecutor answers without iterating; the
 * JobMaster therefore trusts only what the gates report back ({@link HoldfastReport}).
 *
 * <p>Here because messages between processes must be visible to Flink's RPC class loader.
 */
public final class HoldfastControl implements Iterable<PartitionInfo>, Serializable {

    private static final long serialVersionUID = 1L;

    private final JobID jobId;
    private final ExecutionAttemptID via;
    private final List<HoldfastCommand> commands;

    /**
     * Any thread.
     *
     * @param via an attempt of the job that runs on the TaskManager; any one will do
     */
    public HoldfastControl(JobID jobId, ExecutionAttemptID via, List<HoldfastCommand> commands) {
        this.jobId = jobId;
        this.via = via;
        this.commands = new ArrayList<>(commands);
    }

    /** TaskExecutor main thread. Carries the commands out and returns nothing to iterate over. */
    @Override
    public Iterator<PartitionInfo> iterator() {
        Exchanges.execute(via, jobId, commands);
        return Collections.emptyIterator();
    }
}
