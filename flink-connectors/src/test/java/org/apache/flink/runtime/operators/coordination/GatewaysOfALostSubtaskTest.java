package org.apache.flink.runtime.operators.coordination;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.restart.PromptMainThread;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.checkpoint.CheckpointCoordinatorTestingUtils.CheckpointCoordinatorBuilder;
import org.apache.flink.runtime.concurrent.ManuallyTriggeredComponentMainThreadExecutor;
import org.apache.flink.runtime.executiongraph.TaskInformation;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.metrics.groups.UnregisteredMetricGroups;
import org.apache.flink.runtime.testtasks.NoOpInvokable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What Flink's coordinators make of a subtask that is reset while they take a checkpoint. Left to itself, Flink ends the
 * JVM: "Some subtask gateway can be closed while others cannot". Here because the holder's factory is package-private.
 */
class GatewaysOfALostSubtaskTest {

    private static final int SUBTASKS = 3;
    private static final long CHECKPOINT = 7;

    private final ManuallyTriggeredComponentMainThreadExecutor stock =
            new ManuallyTriggeredComponentMainThreadExecutor(Thread.currentThread());
    private final PromptMainThread mainThread = new PromptMainThread(stock);
    private final ScheduledExecutorService other = Executors.newSingleThreadScheduledExecutor();

    @AfterEach
    void endThread() {
        other.shutdownNow();
    }

    @Test
    void checkpointThatWasMarkedBeforeASubtaskWasResetIsGivenUp() throws Exception {
        OperatorCoordinatorHolder holder = holder();
        CompletableFuture<byte[]> checkpoint = new CompletableFuture<>();
        holder.checkpointCoordinator(CHECKPOINT, checkpoint);
        stock.triggerAll(); // all gateways are marked now

        mainThread.promptly(holder::abortCurrentTriggering);
        holder.subtaskReset(1, CHECKPOINT - 1);
        ((TestingOperatorCoordinator) holder.coordinator())
                .getLastTriggeredCheckpoint()
                .complete(new byte[] {1});
        stock.triggerAll(); // and closed

        assertThat(checkpoint)
                .failsWithin(Duration.ZERO)
                .withThrowableThat()
                .havingRootCause()
                .withMessage("Cannot close gateway");
    }

    private OperatorCoordinatorHolder holder() throws Exception {
        OperatorID operator = new OperatorID();
        OperatorCoordinatorHolder holder = OperatorCoordinatorHolder.create(
                operator,
                new TestingOperatorCoordinator.Provider(operator),
                new CoordinatorStoreImpl(),
                "source",
                getClass().getClassLoader(),
                SUBTASKS,
                SUBTASKS,
                EventReceivingTasks.createForRunningTasks(),
                false,
                new TaskInformation(
                        new JobVertexID(),
                        "source",
                        SUBTASKS,
                        SUBTASKS,
                        NoOpInvokable.class.getName(),
                        new Configuration()),
                UnregisteredMetricGroups.createUnregisteredJobManagerJobMetricGroup());
        holder.lazyInitialize(
                failure -> {
                    throw new AssertionError(failure);
                },
                mainThread,
                new CheckpointCoordinatorBuilder().build(other));
        holder.start();
        return holder;
    }
}
