package io.holdfast.flink.exchange;

import io.holdfast.flink.autopartition.ServiceClock;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import javax.annotation.Nullable;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.execution.CancelTaskException;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.shuffle.HoldfastShuffleDescriptor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the gates and partitions of one task attempt share, and where commands for it arrive. Thread-safe.
 *
 * <p>Happens-before: the fence is raised before its mark is put into a channel under that channel's lock, and a channel
 * counts as away in the same hold of its lock in which its link is cut. The task reads marks under that lock, so it
 * sees both. {@code lastBarrier} has one writer, the task thread, which reads it when it comes to a mark: a barrier is
 * either seen before the mark, which then cancels it, or judged behind it. Gates and partitions are added before the
 * task thread is started. For orders to freeze see {@link Freezer}.
 */
public final class TaskExchange {

    private static final Logger LOG = LoggerFactory.getLogger(TaskExchange.class);

    /** A gate, as commands see it. Every method is called on the TaskExecutor's main thread, and must neither block nor throw. */
    public interface Input {
        /** See {@code HoldfastCommand.ProducerLost}. */
        void producerLost(IntermediateResultPartitionID partition, int attempt);

        /** See {@code HoldfastCommand.ProducerAt}. */
        void producerAt(HoldfastShuffleDescriptor descriptor);

        /**
         * Task thread. Whether the last barrier of every channel was that of checkpoint {@code id}, but for those that have
         * ended.
         */
        boolean isBehind(long id);
    }

    /** A result partition, as commands see it. Threads as in {@link Input}. */
    public interface Output {
        IntermediateResultPartitionID partition();

        /** See {@code HoldfastCommand.ConsumerLost}. */
        void consumerLost(int subpartition);

        /** See {@code HoldfastCommand.ConsumerFinished}. */
        void consumerFinished(int subpartition);

        /** See {@code HoldfastCommand.ReceiverWeight}. */
        void weight(int subpartition, double weight);

        /** See {@code HoldfastCommand.Hold}. Alone of all it throws, if the consumer is lost that it is to be held from. */
        void hold(int subpartition, long from);

        /** See {@code HoldfastCommand.HeldAt}. Throws if it is not so. */
        void heldAt(int subpartition, long checkpoint);

        /** See {@code HoldfastCommand.Unhold}. */
        void unhold(int subpartition);

        /** See {@code HoldfastCommand.Forget}. */
        void forget(int subpartition);
    }

    private final ExecutionAttemptID attempt;
    private volatile JobID jobId;
    private final List<Input> inputs = new CopyOnWriteArrayList<>();
    private final List<Output> outputs = new CopyOnWriteArrayList<>();
    private final AtomicLong fence = new AtomicLong(-1);
    private final AtomicInteger away = new AtomicInteger();
    private volatile long lastBarrier = -1;

    /** Of the task thread: id of the last barrier that was not one of a savepoint. */
    private long lastCheckpoint = -1;

    private final ServiceClock service = new ServiceClock(System::nanoTime);
    private final Freezer freezer = new Freezer();

    TaskExchange(ExecutionAttemptID attempt) {
        this.attempt = attempt;
    }

    /** Any thread. */
    public ExecutionAttemptID attempt() {
        return attempt;
    }

    /** TaskExecutor main thread, while the task is created. */
    public void add(JobID job, Input input) {
        jobId = job;
        inputs.add(input);
        service.gate();
    }

    /** TaskExecutor main thread, while the task is created. */
    public void add(JobID job, Output output) {
        jobId = job;
        outputs.add(output);
    }

    /** Any thread. Null until the first gate or partition was added. */
    JobID jobId() {
        return jobId;
    }

    /** Any thread. */
    List<Input> inputs() {
        return inputs;
    }

    /** Any thread. */
    List<Output> outputs() {
        return outputs;
    }

    /** Any thread. No checkpoint up to this id, unless completed long ago, will ever complete. */
    public long fence() {
        return fence.get();
    }

    /** TaskExecutor main thread. Raises the fence; never lowers it. */
    void raiseFence(long id) {
        fence.accumulateAndGet(id, Math::max);
    }

    /**
     * Any thread. Whether some channel of this task has lost its producer and not found it, or another attempt of it,
     * again: no barrier comes on it, so none can be aligned.
     */
    public boolean anyAway() {
        return away.get() > 0;
    }

    /** Any thread. A channel has lost its producer, or found it again. */
    public void away(boolean lost) {
        away.addAndGet(lost ? 1 : -1);
    }

    /** Any thread. Id of the last barrier that any channel of this task has delivered, -1 if none. */
    public long lastBarrier() {
        return lastBarrier;
    }

    /** Any thread. What measures how long the task is busy with its input. */
    public ServiceClock service() {
        return service;
    }

    // ------------------------------------------------------------------ standing still

    /** TaskExecutor main thread. See {@code HoldfastCommand.Freeze}. */
    boolean freeze(long from) {
        freezer.order(from);
        return true;
    }

    /** TaskExecutor main thread. See {@code HoldfastCommand.StandsAt}. Throws if it is not so. */
    boolean standsAt(long checkpoint) {
        long stopped = freezer.stoppedAt();
        if (stopped != checkpoint) {
            throw new IllegalStateException("Task %s has not stopped behind the barrier of checkpoint %d, but %s"
                    .formatted(attempt, checkpoint, stopped == Freezer.NOWHERE ? "runs" : "at " + stopped));
        }
        return true;
    }

    /** TaskExecutor main thread. See {@code HoldfastCommand.Thaw}. */
    boolean thaw() {
        freezer.thaw();
        return true;
    }

    /** Any thread. The task is cancelled, or ends: it stands still no longer. */
    public void leave() {
        freezer.leave();
    }

    /**
     * Task thread. The task is about to let a producer go on that waits behind a barrier. Returns when it may: at once,
     * unless it is to freeze and every channel of every gate has come to the same barrier. A producer is also let go on
     * when a checkpoint is given up that was not aligned, which is no reason to stop: the next one is waited for.
     *
     * @throws CancelTaskException if the task was cancelled meanwhile
     */
    public void beforeResuming() {
        Freezer.Order order = freezer.order();
        long id = lastCheckpoint;
        if (order != null && id >= order.from() && inputs.stream().allMatch(input -> input.isBehind(id))) {
            LOG.info("Task frozen: task={} checkpoint={}", attempt, id);
            freezer.stopped(order, id);
            freezer.await(order);
            LOG.info("Task thawed: task={}", attempt);
        }
    }

    /** Task thread. It has sent the barrier of checkpoint {@code id}; null if it may go on emitting. */
    @Nullable
    public Freezer.Order afterBarrier(long id) {
        Freezer.Order order = freezer.order();
        if (order == null || id < order.from()) {
            return null;
        }
        if (inputs.isEmpty()) {
            LOG.info("Task frozen: task={} checkpoint={}", attempt, id);
            freezer.stopped(order, id);
        }
        return order;
    }

    /** Task thread. Returns when {@code order}, which {@link #afterBarrier} gave, holds no longer. Throws as above. */
    public void beforeEmitting(Freezer.Order order) {
        freezer.await(order);
    }

    /** Task thread only. {@code savepoint}: the barrier is that of a savepoint, behind which nobody stops. */
    public void barrierSeen(long id, boolean savepoint) {
        lastBarrier = Math.max(lastBarrier, id);
        if (!savepoint) {
            lastCheckpoint = id;
        }
    }
}
