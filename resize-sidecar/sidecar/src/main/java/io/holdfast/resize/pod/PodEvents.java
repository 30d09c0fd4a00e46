package io.holdfast.resize.pod;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Events on this pod, which {@code kubectl describe pod} shows. An event that cannot be written changes nothing. */
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

    private final OwnPod pod;
    private final PodWatch watch;
    private boolean told;

    public PodEvents(OwnPod pod, PodWatch watch) {
        this.pod = pod;
        this.watch = watch;
    }

    /** What an event says, in one word. */
    public enum Reason {
        RESIZED("Resized", "Normal"),
        INFEASIBLE("ResizeInfeasible", "Warning"),
        ROLLED_BACK("ResizeRolledBack", "Warning");

        private final String word;
        private final String type;

        Reason(String word, String type) {
            this.word = word;
            this.type = type;
        }
    }

    /** Writes one. Blocks as long as the API server takes. */
    public synchronized void write(Reason reason, String message) {
        PodIdentity identity = pod.identity();
        String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
        GenericKubernetesResource event = new GenericKubernetesResource();
        event.setApiVersion("v1");
        event.setKind("Event");
        event.setMetadata(new ObjectMetaBuilder()
                .withNamespace(identity.namespace())
                .withName("%s.%s"
                        .formatted(identity.name(), UUID.randomUUID().toString().substring(0, 13)))
                .build());
        event.setAdditionalProperties(Map.of(
                "involvedObject",
                Map.of(
                        "apiVersion",
                        "v1",
                        "kind",
                        "Pod",
                        "namespace",
                        identity.namespace(),
                        "name",
                        identity.name(),
                        "uid",
                        watch.uid().orElse(""),
                        "fieldPath",
                        "spec.containers{" + pod.container() + "}"),
                "reason",
                reason.word,
                "type",
                reason.type,
                "message",
                message.length() > LONGEST_MESSAGE ? message.substring(0, LONGEST_MESSAGE) : message,
                "source",
                Map.of("component", "holdfast-resize-sidecar"),
                "firstTimestamp",
                now,
                "lastTimestamp",
                now,
                "count",
                1));
        try {
            pod.client()
                    .genericKubernetesResources(EVENTS)
                    .inNamespace(identity.namespace())
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
