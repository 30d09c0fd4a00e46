package io.holdfast.guard.cluster;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.holdfast.guard.decide.PodState;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A pod at one moment.
 *
 * @param version which a change of it has to name, so that nothing is overwritten that somebody else wrote meanwhile
 */
public record SeenPod(
        String namespace,
        String name,
        String uid,
        String version,
        Optional<String> ip,
        Optional<String> node,
        Map<String, String> labels,
        Map<String, String> annotations,
        PodState state) {
    private static final Set<String> ENDED = Set.of("Succeeded", "Failed");

    static SeenPod of(GenericKubernetesResource pod) {
        ObjectMeta meta = pod.getMetadata();
        Map<String, String> labels = meta.getLabels() == null ? Map.of() : Map.copyOf(meta.getLabels());
        Map<String, String> annotations = meta.getAnnotations() == null ? Map.of() : Map.copyOf(meta.getAnnotations());
        Map<?, ?> status = Fields.child(pod, "status");
        Optional<String> phase = Fields.text(status.get("phase"));
        Optional<String> ip = Fields.text(status.get("podIP"));
        boolean running = meta.getDeletionTimestamp() == null
                && phase.filter(ENDED::contains).isEmpty()
                && (ip.isPresent() || phase.filter("Running"::equals).isPresent());
        return new SeenPod(
                meta.getNamespace(),
                meta.getName(),
                meta.getUid() == null ? "" : meta.getUid(),
                meta.getResourceVersion(),
                ip,
                Fields.text(Fields.child(pod, "spec").get("nodeName")),
                labels,
                annotations,
                new PodState(
                        meta.getName(),
                        "true".equals(labels.get(Pods.GUARDED)),
                        running,
                        annotations.containsKey(Pods.REQUEST_EVICT_ONLY),
                        annotations.containsKey(Pods.IN_PROGRESS),
                        Optional.ofNullable(annotations.get(Pods.RECORD)).flatMap(RecordFormat::read)));
    }
}
