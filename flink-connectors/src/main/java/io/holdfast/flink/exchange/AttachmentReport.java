package io.holdfast.flink.exchange;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.shuffle.BarrierPositions;
import org.apache.flink.runtime.shuffle.HoldfastReport;
import org.apache.flink.runtime.shuffle.StreamPosition;

/**
 * What the JobMaster has to be told about one channel: which attempt of its producer it reads, from where, and what it
 * read of the ones before. The latest word replaces those that were not told yet.
 *
 * <p>Not thread-safe: its channel guards it. It calls {@code soon} whenever something is due, so that must be safe
 * under the channel's lock.
 */
public final class AttachmentReport {

    /** Attempts of the producer that a report speaks of; more than are ever lost between two checkpoints. */
    private static final int KEPT_READS = 16;

    private final IntermediateResultPartitionID partition;
    private final boolean firstConsumer;
    private final Runnable soon;
    private final List<HoldfastReport.Read> earlier = new ArrayList<>();
    private HoldfastReport.Attached report;
    private boolean due;

    /**
     * TaskExecutor main thread, while the task is created.
     *
     * @param partition what the channel reads
     * @param consumer the task that reads it
     * @param soon has the report taken and told in a moment
     */
    public AttachmentReport(IntermediateResultPartitionID partition, ExecutionAttemptID consumer, Runnable soon) {
        this.partition = partition;
        this.firstConsumer = consumer.getAttemptNumber() == 0;
        this.soon = soon;
    }

    /** Holder of the channel's lock. Nothing more will be read of an attempt. */
    void ended(HoldfastReport.Read read) {
        earlier.add(read);
        if (earlier.size() > KEPT_READS) {
            earlier.remove(0);
        }
    }

    /**
     * Holder of the channel's lock. The channel reads another attempt now, which is of no interest to the JobMaster if
     * all is as in a job where nothing was ever restarted.
     *
     * @param attempt number of the producer's attempt
     * @param start where the channel begins to read
     * @param barriers where the producer's latest barriers lie
     * @param ended whether the producer's stream was over before
     * @param synthetic whether its end was made up
     */
    void attached(int attempt, StreamPosition start, BarrierPositions barriers, boolean ended, boolean synthetic) {
        boolean asEver = attempt == 0 && firstConsumer && earlier.isEmpty() && !synthetic && start.isZero();
        if (asEver) {
            return;
        }
        report = new HoldfastReport.Attached(
                partition, attempt, start, barriers, List.copyOf(earlier), StreamPosition.START, ended, synthetic);
        due = true;
        soon.run();
    }

    /** Holder of the channel's lock. All that the attempt had to say has come, and {@code dropped} of it too late. */
    void dropped(StreamPosition dropped) {
        if (report != null && !dropped.isZero()) {
            report = report.dropping(dropped);
            due = true;
            soon.run();
        }
    }

    /** Holder of the channel's lock. The JobMaster names {@code attempt} again, so it may not have heard of it. */
    public void repeat(int attempt) {
        due |= report != null && report.attempt() == attempt;
        if (due) {
            soon.run();
        }
    }

    /** Holder of the channel's lock. What is due, which counts as told. */
    public Optional<HoldfastReport.Attached> take() {
        if (!due) {
            return Optional.empty();
        }
        due = false;
        return Optional.of(report);
    }

    /** Holder of the channel's lock. What was taken did not arrive. */
    public void again() {
        due = true;
    }
}
