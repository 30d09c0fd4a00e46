package org.apache.flink.runtime.scheduler;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.Set;
import org.apache.flink.runtime.JobException;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.Execution;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.scheduler.strategy.ConsumedPartitionGroup;

/**
 * Deploys a task when all its producers have their places; Flink fails a task whose producers have none, which cannot
 * happen where regions restart as a whole. JobMaster main thread.
 *
 * <p>Flink class: {@link DefaultExecutionOperations}, read at 2.2.1 and 2.3.0.
 */
final class ParkingExecutionOperations extends DefaultExecutionOperations {

    private final Set<Execution> parked = new LinkedHashSet<>();
    private HoldfastScheduler scheduler;

    void start(HoldfastScheduler owner) {
        scheduler = owner;
    }

    @Override
    public void deploy(Execution execution) throws JobException {
        if (!producersPlaced(execution)) {
            parked.removeIf(waiting -> waiting.getState() != ExecutionState.SCHEDULED);
            parked.add(execution);
            return;
        }
        super.deploy(execution);
        scheduler.deployed(execution);
        deployParked();
    }

    private void deployParked() {
        for (Execution waiting : new ArrayList<>(parked)) {
            if (waiting.getState() != ExecutionState.SCHEDULED) {
                parked.remove(waiting);
            } else if (parked.contains(waiting) && producersPlaced(waiting)) {
                parked.remove(waiting);
                try {
                    deploy(waiting);
                } catch (Throwable t) { // as Flink's deployer does for a task that it deploys itself
                    markFailed(waiting, t);
                }
            }
        }
    }

    private boolean producersPlaced(Execution execution) {
        for (ConsumedPartitionGroup group : execution.getVertex().getAllConsumedPartitionGroups()) {
            for (IntermediateResultPartitionID id : group) {
                Execution producer = scheduler.partition(id).getProducer().getCurrentExecutionAttempt();
                boolean placed = switch (producer.getState()) {
                    case SCHEDULED, DEPLOYING, INITIALIZING, RUNNING, FINISHED ->
                        producer.getResultPartitionDeploymentDescriptor(id).isPresent();
                    default -> false;
                };
                if (!placed) {
                    return false;
                }
            }
        }
        return true;
    }
}
