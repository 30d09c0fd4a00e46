package io.holdfast.guard.cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import io.holdfast.guard.decide.DeclaredEviction;
import io.holdfast.guard.decide.DeclaredEviction.Report;
import io.holdfast.guard.decide.DeclaredEviction.Standing;
import java.net.HttpURLConnection;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Evictions that are objects, of {@code lifecycle.k8s.io/v1alpha1} as Kubernetes 1.37 has it, and the one writer to what the
 * guard reports there. An EvictionRequest is a wish of one requester; the cluster makes one Eviction of all wishes for a pod,
 * and that is what responders follow. Calls block. Thread-safe.
 */
public final class DeclaredEvictions {
    /** As which pods name the guard in {@code spec.evictionResponders}. */
    public static final String RESPONDER = "holdfast.io/eviction-guard";

    private static final Logger LOG = LoggerFactory.getLogger(DeclaredEvictions.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String WITHDRAWN = "Withdrawn";

    private final KubernetesClient client;
    private final String namespace;

    public DeclaredEvictions(KubernetesClient client, String namespace) {
        this.client = client;
        this.namespace = namespace;
    }

    /** All of the namespace, kept up to date by a watch, until it is closed. */
    public final class Watched implements AutoCloseable {
        private final SharedIndexInformer<GenericKubernetesResource> informer;
        private final AtomicBoolean told = new AtomicBoolean();

        private Watched(Runnable changed) {
            ResourceEventHandler<GenericKubernetesResource> handler = new ResourceEventHandler<>() {
                @Override
                public void onAdd(GenericKubernetesResource eviction) {
                    changed.run();
                }

                @Override
                public void onUpdate(GenericKubernetesResource before, GenericKubernetesResource after) {
                    changed.run();
                }

                @Override
                public void onDelete(GenericKubernetesResource eviction, boolean unknown) {
                    changed.run();
                }
            };
            informer = client.genericKubernetesResources(Kinds.EVICTIONS)
                    .inNamespace(namespace)
                    .runnableInformer(0)
                    .addEventHandler(handler)
                    .exceptionHandler((started, failure) -> again(failure)); // with growing pauses
            informer.start();
        }

        private boolean again(Throwable failure) {
            if (failure instanceof KubernetesClientException e && !told.getAndSet(true)) {
                LOG.warn(
                        "EvictionRequests not followed, the webhook is not concerned: reason={}. {}",
                        Fields.said(e),
                        switch (e.getCode()) {
                            case HttpURLConnection.HTTP_NOT_FOUND ->
                                "Let API server and controller manager have the feature gate EvictionRequestAPI and the API"
                                        + " lifecycle.k8s.io/v1alpha1, or set HOLDFAST_EVICTION_GUARD_EVICTION_REQUESTS=off";
                            case HttpURLConnection.HTTP_FORBIDDEN ->
                                "Allow the verbs list and watch on evictions of lifecycle.k8s.io to the guard's service account";
                            default -> "It is tried again";
                        });
            }
            return true;
        }

        /** Those of pods. Empty until they are known. */
        public List<Seen> all() {
            return informer.getStore().list().stream()
                    .map(DeclaredEvictions::seen)
                    .flatMap(Optional::stream)
                    .toList();
        }

        /** Whether what {@link #all} does not have is not there. */
        public boolean complete() {
            return informer.hasSynced();
        }

        @Override
        public void close() {
            informer.stop();
        }
    }

    /** One at a moment, with what is needed to report of it. */
    public record Seen(DeclaredEviction eviction, GenericKubernetesResource resource) {}

    /** @param changed called, in another thread, when one has changed */
    public Watched watch(Runnable changed) {
        return new Watched(changed);
    }

    private static Optional<Seen> seen(GenericKubernetesResource resource) {
        Map<?, ?> pod = Fields.map(
                Fields.map(Fields.child(resource, "spec").get("target")).get("pod"));
        Map<?, ?> status = Fields.child(resource, "status");
        Optional<String> name = Fields.text(pod.get("name"));
        if (name.isEmpty()) {
            return Optional.empty(); // of something else
        }
        List<String> requesters = new ArrayList<>();
        for (Map<?, ?> requester : Fields.list(status.get("requesters"))) {
            if (!WITHDRAWN.equals(requester.get("intent"))) {
                Fields.text(requester.get("name")).ifPresent(requesters::add);
            }
        }
        return Optional.of(new Seen(
                new DeclaredEviction(
                        resource.getMetadata().getName(),
                        name.get(),
                        Fields.text(pod.get("uid")).orElse(""),
                        requesters,
                        standing(status),
                        report(status)),
                resource));
    }

    private static Standing standing(Map<?, ?> status) {
        String state = own(status, "targetResponders")
                .flatMap(one -> Fields.text(one.get("state")))
                .orElse("Inactive");
        boolean evicted = Fields.list(status.get("conditions")).stream()
                .anyMatch(one -> "TargetEvicted".equals(one.get("type")) && "True".equals(one.get("status")));
        return switch (state) {
            case "Active" -> evicted ? Standing.OVER : Standing.ACTIVE;
            case "Canceled" -> Standing.CANCELED;
            case "Inactive" -> Standing.INACTIVE;
            default -> Standing.OVER;
        };
    }

    private static Report report(Map<?, ?> status) {
        Map<?, ?> own = own(status, "responders").orElse(Map.of());
        return new Report(
                time(own, "startTime"),
                time(own, "heartbeatTime"),
                time(own, "expectedCompletionTime"),
                time(own, "completionTime"),
                Fields.text(own.get("message")).orElse(""));
    }

    private static Optional<Map<?, ?>> own(Map<?, ?> status, String list) {
        return Fields.list(status.get(list)).stream()
                .filter(one -> RESPONDER.equals(one.get("name")))
                .findFirst();
    }

    private static Optional<Instant> time(Map<?, ?> responder, String field) {
        try {
            return Fields.text(responder.get(field)).map(Instant::parse);
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }

    /**
     * Writes what the guard reports. A merge patch replaces a list as a whole: what others report in it stays as it was seen, and
     * the version that is named keeps it from undoing what they write meanwhile.
     *
     * @return whether it was written; if not, the eviction has changed, or is gone
     * @throws HoldfastException DEGRADED if that is not allowed, or the report is refused; RETRYABLE if nobody answered
     */
    public boolean report(Seen seen, Report report) {
        List<Map<String, Object>> responders = new ArrayList<>();
        for (Map<?, ?> one : Fields.list(Fields.child(seen.resource(), "status").get("responders"))) {
            Map<String, Object> copy = new LinkedHashMap<>();
            one.forEach((key, value) -> copy.put(key.toString(), value));
            if (RESPONDER.equals(one.get("name"))) {
                report.heartbeat().ifPresent(time -> copy.put("heartbeatTime", time.toString()));
                report.expected().ifPresent(time -> copy.put("expectedCompletionTime", time.toString()));
                report.completed().ifPresent(time -> copy.put("completionTime", time.toString()));
                copy.put("message", report.message());
            }
            responders.add(copy);
        }
        Map<String, Object> patch = Map.of(
                "metadata",
                        Map.of("resourceVersion", seen.resource().getMetadata().getResourceVersion()),
                "status", Map.of("responders", responders));
        GenericKubernetesResource named = new GenericKubernetesResource();
        named.setApiVersion(seen.resource().getApiVersion());
        named.setKind(seen.resource().getKind());
        named.setMetadata(
                new ObjectMetaBuilder() // all that a patch has to know; by its name alone it would be read first
                        .withNamespace(namespace)
                        .withName(seen.eviction().name())
                        .build());
        try {
            client.genericKubernetesResources(Kinds.EVICTIONS)
                    .inNamespace(namespace)
                    .resource(named)
                    .subresource("status")
                    .patch(
                            new PatchContext.Builder()
                                    .withPatchType(PatchType.JSON_MERGE)
                                    .build(),
                            JSON.writeValueAsString(patch));
            return true;
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("what was read as JSON cannot be written as JSON", e);
        } catch (KubernetesClientException e) {
            return switch (e.getCode()) {
                case HttpURLConnection.HTTP_CONFLICT, HttpURLConnection.HTTP_NOT_FOUND -> false;
                case HttpURLConnection.HTTP_FORBIDDEN ->
                    throw new HoldfastException(
                            Disposition.DEGRADED,
                            "The API server does not let the guard report of evictions: " + Fields.said(e),
                            "Allow the verb patch on evictions/status of lifecycle.k8s.io to its service account",
                            e);
                default ->
                    throw new HoldfastException(
                            Disposition.RETRYABLE,
                            "The API server did not take the report of the eviction %s/%s: %s"
                                    .formatted(namespace, seen.eviction().name(), Fields.said(e)),
                            "If this repeats, the API may be of another version than 1.37: set"
                                    + " HOLDFAST_EVICTION_GUARD_EVICTION_REQUESTS=off, and tell us",
                            e);
            };
        }
    }
}
