package io.holdfast.migration.notice;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * What else the pod tells.
 *
 * @param node where it runs
 * @param jobManager where its JobManager is: as its annotation says, or as Flink's own Kubernetes support and the operator name
 *     the service
 * @param gracePeriod how long its end may take
 */
public record PodFacts(String uid, Optional<String> node, Optional<URI> jobManager, Optional<Duration> gracePeriod) {
    private static final String JOB_MANAGER = "holdfast.io/jobmanager-url";

    static PodFacts of(GenericKubernetesResource pod) {
        Map<?, ?> spec = Fields.child(pod.getAdditionalProperties(), "spec");
        Map<String, String> annotations = notNull(pod.getMetadata().getAnnotations());
        Optional<URI> service = Optional.ofNullable(
                        notNull(pod.getMetadata().getLabels()).get("app"))
                .map(app -> "http://%s-rest.%s:8081"
                        .formatted(app, pod.getMetadata().getNamespace()))
                .flatMap(PodFacts::uri);
        return new PodFacts(
                pod.getMetadata().getUid(),
                Fields.text(spec, "nodeName"),
                Optional.ofNullable(annotations.get(JOB_MANAGER))
                        .flatMap(PodFacts::uri)
                        .or(() -> service),
                Fields.text(spec, "terminationGracePeriodSeconds")
                        .filter(seconds -> seconds.matches("\\d{1,9}"))
                        .map(seconds -> Duration.ofSeconds(Long.parseLong(seconds))));
    }

    static Map<String, String> notNull(Map<String, String> map) {
        return map == null ? Map.of() : map;
    }

    private static Optional<URI> uri(String text) {
        try {
            URI uri = URI.create(text.strip());
            return Optional.of(uri)
                    .filter(one -> one.getHost() != null
                            && String.valueOf(one.getScheme()).startsWith("http"));
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // it is told that nobody knows where the JobManager is
        }
    }
}
