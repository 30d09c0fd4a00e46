package io.holdfast.flink.restart;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.runtime.jobgraph.IntermediateDataSet;
import org.apache.flink.runtime.jobgraph.JobEdge;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.JobVertex;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessageTypeInfo;
import org.apache.flink.streaming.api.graph.StreamConfig;

/**
 * Finds the vertices between which a sink's committables travel over the network. One committable stands for everything
 * that a writer wrote in a checkpoint, and a committer that misses one waits for it and commits nothing more; so none
 * may be dropped, and these vertices restart together or not at all.
 *
 * <p>In most jobs there are none: writer and committer are chained in one task, which restarts with both their states.
 */
public final class CommitPath {

    private CommitPath() {}

    /**
     * Any thread. Vertices that send committables to others, and all vertices behind them: a sink is the end of a job,
     * so what comes there is part of its commit.
     *
     * @param userCode can load the classes of the job's serializers
     */
    public static Set<JobVertexID> of(JobGraph graph, ClassLoader userCode) {
        Deque<JobVertex> found = new ArrayDeque<>();
        for (JobVertex vertex : graph.getVertices()) {
            if (readsCommittables(vertex, userCode)) {
                vertex.getInputs().stream()
                        .map(JobEdge::getSource)
                        .map(IntermediateDataSet::getProducer)
                        .forEach(found::add);
            }
        }
        Set<JobVertexID> path = new HashSet<>();
        while (!found.isEmpty()) {
            JobVertex vertex = found.remove();
            if (path.add(vertex.getID())) {
                vertex.getProducedDataSets().stream()
                        .flatMap(dataSet -> dataSet.getConsumers().stream())
                        .map(JobEdge::getTarget)
                        .forEach(found::add);
            }
        }
        return path;
    }

    private static boolean readsCommittables(JobVertex vertex, ClassLoader userCode) {
        for (StreamConfig.InputConfig input : new StreamConfig(vertex.getConfiguration()).getInputs(userCode)) {
            if (input instanceof StreamConfig.NetworkInputConfig network
                    && isOfCommittables(network.getTypeSerializer())) {
                return true;
            }
        }
        return false;
    }

    /** Flink's serializer for them is a nameless class within their type information. */
    private static boolean isOfCommittables(TypeSerializer<?> serializer) {
        return serializer != null && serializer.getClass().getEnclosingClass() == CommittableMessageTypeInfo.class;
    }
}
