package io.holdfast.flink.autopartition;

import io.holdfast.flink.AutoPartition;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.flink.runtime.OperatorIDPair;
import org.apache.flink.runtime.jobgraph.IntermediateDataSet;
import org.apache.flink.runtime.jobgraph.IntermediateDataSetID;
import org.apache.flink.runtime.jobgraph.JobEdge;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.JobVertex;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.shuffle.HoldfastShuffleDescriptor.Routing;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decides on which edges of a job Holdfast chooses the receiver, and says so in the log. */
public final class AutoPartitionPolicy {

    private static final Logger LOG = LoggerFactory.getLogger(AutoPartitionPolicy.class);

    private static final Set<String> ANY_RECEIVER_WILL_DO = Set.of("REBALANCE", "RESCALE");

    private AutoPartitionPolicy() {}

    /**
     * What is decided, and why.
     *
     * @param on data sets whose producers choose, with the names of both ends
     * @param off reasons why edges that would allow it stay as they are, by the names of both ends
     */
    record Edges(Map<IntermediateDataSetID, String> on, Map<String, String> off) {}

    /**
     * JobMaster main thread, once per job.
     *
     * @param committing vertices between which committables travel, which belong to one committer each
     * @return how the producers of data sets choose; of those that do
     */
    public static Map<IntermediateDataSetID, Routing> routings(
            JobGraph graph, AutoPartitionSettings settings, Set<JobVertexID> committing) {
        Edges edges = edges(graph, settings, committing);
        edges.on.forEach((dataSet, edge) -> LOG.info("Auto-partition is on: job={} edge={}", graph.getJobID(), edge));
        edges.off.forEach((edge, reason) ->
                LOG.info("Auto-partition is off: job={} edge={} reason={}", graph.getJobID(), edge, reason));
        if (settings.adaptiveToo() && !edges.on.isEmpty()) {
            LOG.info(
                    "Flink's adaptive partitioner is on as well and has no say where auto-partition is; it costs time"
                            + " only. Set taskmanager.network.adaptive-partitioner.enabled to false: job={}",
                    graph.getJobID());
        }
        Routing routing = switch (settings.algorithm()) {
            case SHORTEST_EXPECTED_DELAY -> Routing.SHORTEST_EXPECTED_DELAY;
            case POWER_OF_TWO_CHOICES -> Routing.POWER_OF_TWO_CHOICES;
        };
        Map<IntermediateDataSetID, Routing> routings = new HashMap<>();
        edges.on.keySet().forEach(dataSet -> routings.put(dataSet, routing));
        return routings;
    }

    /**
     * Any thread.
     *
     * @param committing vertices between which committables travel, which belong to one committer each
     */
    static Edges edges(JobGraph graph, AutoPartitionSettings settings, Set<JobVertexID> committing) {
        Map<IntermediateDataSetID, String> on = new HashMap<>();
        Map<String, String> off = new TreeMap<>();
        for (JobVertex producer : graph.getVerticesSortedTopologicallyFromSources()) {
            for (IntermediateDataSet output : producer.getProducedDataSets()) {
                if (!isWanted(output, settings)) {
                    continue;
                }
                String name = name(output);
                Optional<String> reason = reasonAgainst(output, settings, committing);
                reason.ifPresentOrElse(why -> off.put(name, why), () -> on.put(output.getId(), name));
            }
        }
        return new Edges(on, off);
    }

    private static boolean isWanted(IntermediateDataSet output, AutoPartitionSettings settings) {
        return output.getResultType().isPipelinedOrPipelinedBoundedResultPartition()
                && !output.getConsumers().isEmpty()
                && output.getConsumers().stream().allMatch(edge -> isWanted(edge, settings));
    }

    private static boolean isWanted(JobEdge edge, AutoPartitionSettings settings) {
        String strategy = edge.getShipStrategyName();
        return AutoPartition.SHIP_STRATEGY.equals(strategy)
                || settings.enabled() && strategy != null && ANY_RECEIVER_WILL_DO.contains(strategy);
    }

    private static Optional<String> reasonAgainst(
            IntermediateDataSet output, AutoPartitionSettings settings, Set<JobVertexID> committing) {
        JobVertexID producer = output.getProducer().getID();
        for (JobEdge edge : output.getConsumers()) {
            JobVertex consumer = edge.getTarget();
            if (consumer.getParallelism() == 1) {
                return Optional.of("it has one receiver");
            }
            if (committing.contains(producer) && committing.contains(consumer.getID())) {
                return Optional.of("a sink's committables travel on it");
            }
            Optional<String> excluded =
                    namesOf(consumer).filter(settings::excludes).findFirst();
            if (excluded.isPresent()) {
                return Optional.of("holdfast.auto-partition.exclude matches " + excluded.get());
            }
        }
        return Optional.empty();
    }

    /** What users call a vertex and the operators in it. */
    private static Stream<String> namesOf(JobVertex vertex) {
        Set<String> names = new LinkedHashSet<>(Set.of(vertex.getName()));
        for (OperatorIDPair operator : vertex.getOperatorIDs()) {
            Stream.of(operator.getUserDefinedOperatorName(), operator.getUserDefinedOperatorUid())
                    .filter(name -> name != null)
                    .forEach(names::add);
        }
        return names.stream();
    }

    private static String name(IntermediateDataSet output) {
        StringBuilder name = new StringBuilder(output.getProducer().getName());
        output.getConsumers()
                .forEach(edge -> name.append(" => ").append(edge.getTarget().getName()));
        return name.toString();
    }
}
