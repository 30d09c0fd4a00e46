package io.holdfast.kubernetes;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Events on pods, which {@code kubectl describe pod} shows. An event that cannot be written changes nothing. */
public final class PodEvents {
    private static final Logger LOG = LoggerFactory.getLogger(PodEvents.class);
    private static final int LONGEST_MESSAGE = 1024; // what the API server accepts
    private static final ResourceDefinitionContext EVENTS = new ResourceDefinitionContext.Builder()
            .withGroup("")
            .withVersion("v1")
            .withKind("Event")
            .withPlural("events")
            .withNamespaced(true)
            .build();

    private final KubernetesClient client;
    private final String component;
    private boolean told;

    /** @param component that reports, such as {@code holdfast-resize-sidecar} */
    public PodEvents(KubernetesClient client, String component) {
        this.client = client;
        this.component = component;
    }

    /** What Kubernetes knows of types. */
    public enum Type {
        NORMAL("Normal"),
        WARNING("Warning");

        private final String word;

        Type(String word) {
            this.word = word;
        }
    }

    /**
     * What an event is about.
     *
     * @param uid blank if it is not known
     * @param container the container that is meant; absent for the whole pod
     */
    public record Pod(String namespace, String name, String uid, Optional<String> container) {}

    /**
     * Writes one. Blocks as long as the API server takes.
     *
     * @param reason one word, in upper camel case
     */
    public synchronized void write(Pod pod, Type type, String reason, String message) {
        String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
        GenericKubernetesResource event = new GenericKubernetesResource();
        event.setApiVersion("v1");
        event.setKind("Event");
        event.setMetadata(new ObjectMetaBuilder()
                .withNamespace(pod.namespace())
                .withName("%s.%s"
                        .formatted(pod.name(), UUID.randomUUID().toString().substring(0, 13)))
                .build());
        Map<String, Object> about = new LinkedHashMap<>();
        about.put("apiVersion", "v1");
        about.put("kind", "Pod");
        about.put("namespace", pod.namespace());
        about.put("name", pod.name());
        about.put("uid", pod.uid());
        pod.container().ifPresent(container -> about.put("fieldPath", "spec.containers{" + container + "}"));
        event.setAdditionalProperties(Map.of(
                "involvedObject",
                about,
                "reason",
                reason,
                "type",
                type.word,
                "message",
                message.length() > LONGEST_MESSAGE ? message.substring(0, LONGEST_MESSAGE) : message,
                "source",
                Map.of("component", component),
                "firstTimestamp",
                now,
                "lastTimestamp",
                now,
                "count",
                1));
        try {
            client.genericKubernetesResources(EVENTS)
                    .inNamespace(pod.namespace())
                    .resource(event)
                    .create();
            told = false;
        } catch (KubernetesClientException e) {
            if (!told) {
                told = true;
                LOG.warn(
                        "Event not written: reason={}. To have events, allow the verb create on events to the service account",
                        e.getMessage());
            }
        }
    }
}
