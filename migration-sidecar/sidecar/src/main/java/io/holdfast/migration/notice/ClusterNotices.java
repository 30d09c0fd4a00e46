package io.holdfast.migration.notice;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.holdfast.kubernetes.ApiObject;
import io.holdfast.kubernetes.ObjectWatch;
import io.holdfast.kubernetes.PodIdentity;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the API server tells: of this pod, and of its node as soon as that is known. */
public final class ClusterNotices implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ClusterNotices.class);

    private final KubernetesClient client;
    private final List<TaintRule> taints;
    private final NoticeBoard board;
    private final ObjectWatch podWatch;
    private final Runnable learned;
    private Optional<ObjectWatch> nodeWatch = Optional.empty();
    private boolean closed;
    private volatile Optional<PodFacts> facts = Optional.empty();

    /**
     * @param annotations of the pod that ask it to leave
     * @param taints of the node that say that it goes; if there is none, the node is not looked at
     * @param learned called, in another thread, when something else is known of the pod
     */
    public ClusterNotices(
            KubernetesClient client,
            PodIdentity pod,
            List<String> annotations,
            List<TaintRule> taints,
            NoticeBoard board,
            Clocks clocks,
            Runnable learned) {
        this.client = client;
        this.taints = taints;
        this.board = board;
        this.learned = learned;
        this.podWatch = new ObjectWatch(
                ApiObject.pod(
                        client, pod, "Set HOLDFAST_MIGRATION_POD and HOLDFAST_MIGRATION_NAMESPACE by the downward API"),
                new PodNotices(annotations, board, clocks, this::learn),
                "neither its deletion nor annotations are heard");
    }

    /** @param node the pod's, if it is known without asking */
    public void start(Optional<String> node) {
        podWatch.start();
        node.ifPresent(this::watchNode);
    }

    /** What is known of the pod; empty before it was read. Any thread. */
    public Optional<PodFacts> facts() {
        return facts;
    }

    private void learn(PodFacts now) {
        if (facts.filter(now::equals).isPresent()) {
            return;
        }
        facts = Optional.of(now);
        now.node().ifPresent(this::watchNode);
        learned.run();
    }

    private synchronized void watchNode(String name) {
        if (nodeWatch.isPresent() || taints.isEmpty() || closed) {
            return;
        }
        LOG.info("Node watched: node={}", name);
        ObjectWatch watch = new ObjectWatch(
                ApiObject.node(client, name, "Set HOLDFAST_MIGRATION_NODE by the downward API"),
                new NodeNotices(taints, board),
                "its taints are not heard");
        nodeWatch = Optional.of(watch);
        watch.start();
    }

    @Override
    public synchronized void close() {
        closed = true;
        podWatch.close();
        nodeWatch.ifPresent(ObjectWatch::close);
    }
}
