package io.holdfast.guard.cluster;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.holdfast.guard.decide.NodeState;
import java.net.HttpURLConnection;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Nodes, of which is read whether they take new pods. Calls block. Thread-safe. */
public final class Nodes {
    private static final Logger LOG = LoggerFactory.getLogger(Nodes.class);

    /** Taints by which a node is emptied; not all that do so cordon it. */
    private static final Set<String> LEAVING = Set.of(
            "node.kubernetes.io/unschedulable",
            "node.kubernetes.io/out-of-service",
            "ToBeDeletedByClusterAutoscaler",
            "karpenter.sh/disrupted",
            "karpenter.sh/disruption");

    private final KubernetesClient client;
    private final AtomicBoolean told = new AtomicBoolean();

    public Nodes(KubernetesClient client) {
        this.client = client;
    }

    /** Never fails: what cannot be read is {@link NodeState#UNKNOWN}. */
    public NodeState state(Optional<String> name) {
        if (name.isEmpty()) {
            return NodeState.UNKNOWN;
        }
        try {
            GenericKubernetesResource node = client.genericKubernetesResources(Kinds.NODES)
                    .withName(name.get())
                    .get();
            return node == null ? NodeState.UNKNOWN : state(node);
        } catch (KubernetesClientException e) {
            if (e.getCode() == HttpURLConnection.HTTP_FORBIDDEN && !told.getAndSet(true)) {
                LOG.warn(
                        "Nodes not read, so an eviction is over as soon as nobody asks again, cordoned or not: reason={}."
                                + " Allow the verb get on nodes to the service account, by a ClusterRole",
                        Fields.said(e));
            }
            return NodeState.UNKNOWN;
        }
    }

    private static NodeState state(GenericKubernetesResource node) {
        Map<?, ?> spec = Fields.child(node, "spec");
        boolean leaving = Boolean.TRUE.equals(spec.get("unschedulable"))
                || Fields.list(spec.get("taints")).stream().anyMatch(taint -> LEAVING.contains(taint.get("key")));
        return leaving ? NodeState.CORDONED : NodeState.SCHEDULABLE;
    }
}
