package io.holdfast.flink.restart;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.core.execution.RecoveryClaimMode;
import org.apache.flink.runtime.checkpoint.CheckpointIDCounter;
import org.apache.flink.runtime.checkpoint.CheckpointRecoveryFactory;
import org.apache.flink.runtime.checkpoint.CheckpointsCleaner;
import org.apache.flink.runtime.checkpoint.CompletedCheckpoint;
import org.apache.flink.runtime.checkpoint.CompletedCheckpointStore;
import org.apache.flink.runtime.state.SharedStateRegistry;
import org.apache.flink.runtime.state.SharedStateRegistryFactory;

/**
 * Sees which checkpoint ids are handed out and which checkpoints complete, without asking a counter that may be remote.
 * Thread-safe.
 *
 * <p>Happens-before: Flink's checkpoint threads raise the two ids atomically, the JobMaster's main thread reads them.
 * An id counts as started when the counter has returned it, a moment after it was handed out; a checkpoint counts as
 * completed when the store has it, and before the listener is called. The listener is volatile, and set before the
 * coordinator is started.
 */
public final class CheckpointWatch implements CheckpointRecoveryFactory {

    private final CheckpointRecoveryFactory stock;
    private final AtomicLong started = new AtomicLong(-1);
    private final AtomicLong completed = new AtomicLong(-1);
    private volatile LongConsumer listener = id -> {};

    /** JobMaster creation thread. */
    public CheckpointWatch(CheckpointRecoveryFactory stock) {
        this.stock = stock;
    }

    /** Any thread. Highest id handed out, -1 if none. */
    public long lastStarted() {
        return started.get();
    }

    /** Any thread. Highest id that completed under this watch, -1 if none. */
    public long lastCompleted() {
        return completed.get();
    }

    /** JobMaster creation thread. {@code listener} is called on the thread that completes a checkpoint. */
    public void onCompleted(LongConsumer listener) {
        this.listener = listener;
    }

    @Override
    public CompletedCheckpointStore createRecoveredCompletedCheckpointStore(
            JobID jobId,
            int retained,
            SharedStateRegistryFactory sharedStates,
            Executor ioExecutor,
            RecoveryClaimMode claimMode)
            throws Exception {
        return new WatchedStore(
                stock.createRecoveredCompletedCheckpointStore(jobId, retained, sharedStates, ioExecutor, claimMode));
    }

    @Override
    public CheckpointIDCounter createCheckpointIDCounter(JobID jobId) throws Exception {
        return new WatchedCounter(stock.createCheckpointIDCounter(jobId));
    }

    private final class WatchedStore implements CompletedCheckpointStore {

        private final CompletedCheckpointStore store;

        WatchedStore(CompletedCheckpointStore store) {
            this.store = store;
        }

        @Override
        public CompletedCheckpoint addCheckpointAndSubsumeOldestOne(
                CompletedCheckpoint checkpoint, CheckpointsCleaner cleaner, Runnable postCleanup) throws Exception {
            CompletedCheckpoint subsumed = store.addCheckpointAndSubsumeOldestOne(checkpoint, cleaner, postCleanup);
            completed.accumulateAndGet(checkpoint.getCheckpointID(), Math::max);
            listener.accept(checkpoint.getCheckpointID());
            return subsumed;
        }

        @Override
        public CompletedCheckpoint getLatestCheckpoint() {
            return store.getLatestCheckpoint();
        }

        @Override
        public long getLatestCheckpointId() {
            return store.getLatestCheckpointId();
        }

        @Override
        public void shutdown(JobStatus status, CheckpointsCleaner cleaner) throws Exception {
            store.shutdown(status, cleaner);
        }

        @Override
        public List<CompletedCheckpoint> getAllCheckpoints() {
            return store.getAllCheckpoints();
        }

        @Override
        public int getNumberOfRetainedCheckpoints() {
            return store.getNumberOfRetainedCheckpoints();
        }

        @Override
        public int getMaxNumberOfRetainedCheckpoints() {
            return store.getMaxNumberOfRetainedCheckpoints();
        }

        @Override
        public boolean requiresExternalizedCheckpoints() {
            return store.requiresExternalizedCheckpoints();
        }

        @Override
        public SharedStateRegistry getSharedStateRegistry() {
            return store.getSharedStateRegistry();
        }
    }

    private final class WatchedCounter implements CheckpointIDCounter {

        private final CheckpointIDCounter counter;

        WatchedCounter(CheckpointIDCounter counter) {
            this.counter = counter;
        }

        @Override
        public void start() throws Exception {
            counter.start();
        }

        @Override
        public CompletableFuture<Void> shutdown(JobStatus status) {
            return counter.shutdown(status);
        }

        @Override
        public long getAndIncrement() throws Exception {
            long id = counter.getAndIncrement();
            started.accumulateAndGet(id, Math::max);
            return id;
        }

        @Override
        public long get() {
            return counter.get();
        }

        @Override
        public void setCount(long newId) throws Exception {
            counter.setCount(newId);
        }
    }
}
