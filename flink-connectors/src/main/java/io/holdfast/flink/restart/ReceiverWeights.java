package io.holdfast.flink.restart;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.Execution;
import org.apache.flink.runtime.executiongraph.ExecutionVertex;
import org.apache.flink.runtime.jobgraph.IntermediateDataSetID;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;
import org.apache.flink.runtime.shuffle.HoldfastCommand.ReceiverWeight;
import org.apache.flink.runtime.webmonitor.WeightRequest;
import org.apache.flink.runtime.webmonitor.WeightResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How much the tasks on a TaskManager get, compared with others, where producers choose the receiver of a record. A
 * weight belongs to the TaskManager: a task that restarts elsewhere leaves it behind, one that is put there gets it, and
 * a new attempt of a producer is told again. JobMaster main thread only.
 */
public final class ReceiverWeights {

    private static final Logger LOG = LoggerFactory.getLogger(ReceiverWeights.class);

    /** Weight of a TaskManager that nobody has spoken of. */
    private static final double RULE = 1;

    private final Topology topology = new Topology();

    /** Only those that are not {@link #RULE}. */
    private final Map<ResourceID, Double> weights = new LinkedHashMap<>();

    /** TaskManagers whose tasks are about to be moved: they get nothing, whatever their weight. */
    private final Set<ResourceID> draining = new HashSet<>();

    /** What the producers of a receiver were told last, if it was not {@link #RULE}. */
    private final Map<ExecutionVertexID, Double> told = new HashMap<>();

    private RestartHost host;
    private Set<IntermediateDataSetID> chosen = Set.of();

    /** JobMaster creation thread, when the scheduler exists. */
    public void start(RestartHost owner) {
        host = owner;
        topology.start(owner);
    }

    /** Producers of {@code dataSets} choose the receivers of their records. */
    public void choosing(Set<IntermediateDataSetID> dataSets) {
        chosen = dataSets;
    }

    /** Carries {@code request} out: the producers of what runs on the TaskManager are told at once. */
    public WeightResponse answer(WeightRequest request) {
        return chosen.isEmpty()
                ? WeightResponse.MEANINGLESS
                : new WeightResponse(set(request.taskManager(), request.weight()));
    }

    private int set(ResourceID taskManager, double weight) {
        if (weight == RULE) {
            weights.remove(taskManager);
        } else {
            weights.put(taskManager, weight);
        }
        List<ExecutionVertex> receivers = receiversOn(taskManager);
        LOG.info(
                "Weight set: job={} taskManager={} weight={} receivers={}",
                host.jobId(),
                taskManager,
                weight,
                receivers.size());
        tell(receivers);
        return receivers.size();
    }

    /** The tasks on {@code taskManagers} get nothing from now on, or again what they have the weight for. */
    public void drain(Collection<ResourceID> taskManagers, boolean on) {
        if (chosen.isEmpty()) {
            return;
        }
        for (ResourceID taskManager : taskManagers) {
            if (on ? draining.add(taskManager) : draining.remove(taskManager)) {
                tell(receiversOn(taskManager));
            }
        }
    }

    /** {@code execution} has changed its state. */
    public void updated(Execution execution) {
        if (weights.isEmpty() && told.isEmpty() && draining.isEmpty()) {
            return;
        }
        if (execution.getState() == ExecutionState.INITIALIZING || execution.getState() == ExecutionState.RUNNING) {
            ExecutionVertex vertex = execution.getVertex();
            tellAsProducer(vertex);
            if (told.containsKey(vertex.getID()) || weightOf(vertex) != RULE) {
                tell(List.of(vertex));
            }
        }
    }

    private List<ExecutionVertex> receiversOn(ResourceID taskManager) {
        List<ExecutionVertex> receivers = new ArrayList<>();
        for (Execution execution : host.executions().values()) {
            if (Outbox.reachable(execution)
                    && taskManager.equals(
                            execution.getAssignedResourceLocation().getResourceID())
                    && !inputs(execution.getVertex()).isEmpty()) {
                receivers.add(execution.getVertex());
            }
        }
        return receivers;
    }

    /** Channels on which {@code receiver} is chosen or not. */
    private List<Pair> inputs(ExecutionVertex receiver) {
        return topology.inputs(receiver).stream().filter(this::isChosen).toList();
    }

    private boolean isChosen(Pair pair) {
        return chosen.contains(pair.partition().getIntermediateDataSetID());
    }

    private double weightOf(ExecutionVertex receiver) {
        Execution execution = receiver.getCurrentExecutionAttempt();
        if (!Outbox.reachable(execution)) {
            return RULE;
        }
        ResourceID taskManager = execution.getAssignedResourceLocation().getResourceID();
        return draining.contains(taskManager) ? 0 : weights.getOrDefault(taskManager, RULE);
    }

    /** Tells the producers of {@code receivers}. */
    private void tell(List<ExecutionVertex> receivers) {
        Outbox outbox = new Outbox(host);
        for (ExecutionVertex receiver : receivers) {
            double weight = weightOf(receiver);
            if (weight == RULE) {
                told.remove(receiver.getID());
            } else {
                told.put(receiver.getID(), weight);
            }
            for (Pair pair : inputs(receiver)) {
                outbox.add(
                        topology.producerOf(pair).getCurrentExecutionAttempt(),
                        new ReceiverWeight(pair.partition(), topology.subpartition(pair), weight));
            }
        }
        outbox.send(() -> tell(receivers));
    }

    /** Tells a new attempt of {@code producer} of receivers that do not get what is the rule. */
    private void tellAsProducer(ExecutionVertex producer) {
        Outbox outbox = new Outbox(host);
        for (Pair pair : topology.outputs(producer)) {
            Double weight = isChosen(pair) ? told.get(pair.consumer()) : null;
            if (weight != null) {
                outbox.add(
                        producer.getCurrentExecutionAttempt(),
                        new ReceiverWeight(pair.partition(), topology.subpartition(pair), weight));
            }
        }
        outbox.send(() -> tellAsProducer(producer));
    }
}
