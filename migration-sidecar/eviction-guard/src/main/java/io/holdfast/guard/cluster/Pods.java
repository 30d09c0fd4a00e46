package io.holdfast.guard.cluster;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceList;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import io.holdfast.guard.decide.EvictionRecord;
import io.quarkus.runtime.annotations.RegisterForReflection;
import java.net.HttpURLConnection;
import java.util.List;
import java.util.Optional;

/**
 * The pods of a namespace, and the one writer to them: of two annotations, and of no others. Calls block.
 *
 * <p>Thread-safe.
 */
@RegisterForReflection(targets = GenericKubernetesResourceList.class) // what a watch begins with
public final class Pods {
    /** Label of pods that ask for protection, with the value {@code true}. */
    public static final String GUARDED = "holdfast.io/migrate";

    /** Annotation with what is remembered of an eviction. */
    public static final String RECORD = "holdfast.io/eviction";

    /** Annotation by which the descheduler is told that an eviction goes on without it. */
    public static final String IN_PROGRESS = "descheduler.alpha.kubernetes.io/eviction-in-progress";

    /** Annotation of pods whose eviction the descheduler may only request; others finish it. */
    static final String REQUEST_EVICT_ONLY = "descheduler.alpha.kubernetes.io/request-evict-only";

    private static final String WHO = "holdfast";

    private final KubernetesClient client;
    private final String namespace;

    public Pods(KubernetesClient client, String namespace) {
        this.client = client;
        this.namespace = namespace;
    }

    public String namespace() {
        return namespace;
    }

    /** @throws HoldfastException DEGRADED if that is not allowed; RETRYABLE if the API server did not answer */
    public Optional<SeenPod> read(String name) {
        try {
            return Optional.ofNullable(client.genericKubernetesResources(Kinds.PODS)
                            .inNamespace(namespace)
                            .withName(name)
                            .get())
                    .map(SeenPod::of);
        } catch (KubernetesClientException e) {
            boolean forbidden = e.getCode() == HttpURLConnection.HTTP_FORBIDDEN;
            throw new HoldfastException(
                    forbidden ? Disposition.DEGRADED : Disposition.RETRYABLE,
                    "The pod %s/%s was not read: %s".formatted(namespace, name, Fields.said(e)),
                    forbidden
                            ? "Allow the verbs get, list and watch on pods to the guard's service account"
                            : "No action needed unless this repeats; then look at the API server",
                    e);
        }
    }

    /**
     * Writes what is to be remembered, and tells the descheduler whether an eviction is in progress.
     *
     * @param record absent to forget it
     * @return whether it was written; if not, the pod is no longer as {@code seen}, or is gone
     * @throws HoldfastException DEGRADED if that is not allowed; RETRYABLE if the API server did not do it
     */
    public boolean remember(SeenPod seen, Optional<EvictionRecord> record) {
        ObjectNode annotations = JsonNodeFactory.instance.objectNode();
        annotations.put(RECORD, record.map(RecordFormat::write).orElse(null));
        if (record.filter(EvictionRecord::underWay).isPresent()) {
            annotations.put(IN_PROGRESS, WHO);
        } else if (WHO.equals(seen.annotations().get(IN_PROGRESS))) { // another's stays
            annotations.putNull(IN_PROGRESS);
        }
        return annotate(seen, annotations);
    }

    /**
     * Calls an eviction off, as anybody can: by taking the descheduler's annotation away, if it is the guard's.
     *
     * @return whether it was written, or nothing was to be written; if not, the pod is no longer as {@code seen}, or is gone
     * @throws HoldfastException as {@link #remember}
     */
    public boolean callOff(SeenPod seen) {
        if (!WHO.equals(seen.annotations().get(IN_PROGRESS))) {
            return true;
        }
        ObjectNode annotations = JsonNodeFactory.instance.objectNode();
        annotations.putNull(IN_PROGRESS);
        return annotate(seen, annotations);
    }

    private boolean annotate(SeenPod seen, ObjectNode annotations) {
        ObjectNode patch = JsonNodeFactory.instance.objectNode();
        patch.putObject("metadata").put("resourceVersion", seen.version()).set("annotations", annotations);
        GenericKubernetesResource pod = new GenericKubernetesResource();
        pod.setApiVersion("v1");
        pod.setKind("Pod");
        pod.setMetadata(
                new ObjectMetaBuilder() // all that a patch has to know; by its name alone it would be read first
                        .withNamespace(namespace)
                        .withName(seen.name())
                        .build());
        try {
            client.genericKubernetesResources(Kinds.PODS)
                    .inNamespace(namespace)
                    .resource(pod)
                    .patch(
                            new PatchContext.Builder()
                                    .withPatchType(PatchType.JSON_MERGE)
                                    .build(),
                            patch.toString());
            return true;
        } catch (KubernetesClientException e) {
            return switch (e.getCode()) {
                case HttpURLConnection.HTTP_CONFLICT, HttpURLConnection.HTTP_NOT_FOUND -> false;
                case HttpURLConnection.HTTP_FORBIDDEN ->
                    throw new HoldfastException(
                            Disposition.DEGRADED,
                            "The API server does not let the guard annotate pods: " + Fields.said(e),
                            "Allow the verb patch on pods to its service account",
                            e);
                default ->
                    throw new HoldfastException(
                            Disposition.RETRYABLE,
                            "The pod %s/%s was not annotated: %s".formatted(namespace, seen.name(), Fields.said(e)),
                            "No action needed unless this repeats; then look at the API server",
                            e);
            };
        }
    }

    /** The guarded pods, kept up to date by a watch, until it is closed. */
    public final class Watched implements AutoCloseable {
        private final SharedIndexInformer<GenericKubernetesResource> informer;

        private Watched(Runnable changed) {
            ResourceEventHandler<GenericKubernetesResource> handler = new ResourceEventHandler<>() {
                @Override
                public void onAdd(GenericKubernetesResource pod) {
                    changed.run();
                }

                @Override
                public void onUpdate(GenericKubernetesResource before, GenericKubernetesResource after) {
                    changed.run();
                }

                @Override
                public void onDelete(GenericKubernetesResource pod, boolean unknown) {
                    changed.run();
                }
            };
            informer = client.genericKubernetesResources(Kinds.PODS)
                    .inNamespace(namespace)
                    .withLabel(GUARDED, "true")
                    .runnableInformer(0)
                    .addEventHandler(handler)
                    .exceptionHandler((started, failure) -> true); // whatever it is: again, with growing pauses
            informer.start();
        }

        /** Those of which an eviction is remembered. */
        public List<SeenPod> withRecord() {
            return informer.getStore().list().stream()
                    .map(SeenPod::of)
                    .filter(pod -> pod.state().record().isPresent())
                    .toList();
        }

        @Override
        public void close() {
            informer.stop();
        }
    }

    /** @param changed called, in another thread, when a guarded pod has changed */
    public Watched watch(Runnable changed) {
        return new Watched(changed);
    }
}
