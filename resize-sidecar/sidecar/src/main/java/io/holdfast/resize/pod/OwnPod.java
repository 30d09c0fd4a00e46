package io.holdfast.resize.pod;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.holdfast.base.ByteSize;
import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import io.holdfast.kubernetes.ApiObject;
import io.holdfast.kubernetes.PodIdentity;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.HttpURLConnection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This pod at the API server, and the one writer to its {@code resize} subresource. Calls block, and end with an exception
 * after the client's timeouts.
 *
 * <p>Thread-safe.
 */
public final class OwnPod {
    private static final Logger LOG = LoggerFactory.getLogger(OwnPod.class);
    private static final int UNPROCESSABLE = 422;

    /** What API servers say of an admission webhook with side effects. It is asked only when the limit is set indeed. */
    private static final String NO_DRY_RUN = "does not support dry run";

    private final KubernetesClient client;
    private final PodIdentity identity;
    private final String container;
    private final AtomicBoolean toldOfDryRun = new AtomicBoolean();

    /** @param container name of the container whose memory is resized */
    public OwnPod(KubernetesClient client, PodIdentity identity, String container) {
        this.client = client;
        this.identity = identity;
        this.container = container;
    }

    PodIdentity identity() {
        return identity;
    }

    String container() {
        return container;
    }

    KubernetesClient client() {
        return client;
    }

    /** @throws KubernetesClientException if the API server does not answer, or refuses */
    PodState read() {
        return PodState.of(object().read(), container);
    }

    ApiObject object() {
        return ApiObject.pod(
                client, identity, "Set HOLDFAST_RESIZE_POD and HOLDFAST_RESIZE_NAMESPACE by the downward API");
    }

    /**
     * Asks whether {@link #resize} would be accepted, without doing it. Where that cannot be asked, it may be.
     *
     * @throws HoldfastException DEGRADED if it would not; RETRYABLE if the API server did not say
     */
    public void check(long limitBytes, OptionalLong requestBytes) {
        try {
            patch(limitBytes, requestBytes, true);
        } catch (HoldfastException e) {
            if (!String.valueOf(e.getMessage()).contains(NO_DRY_RUN)) {
                throw e;
            }
            if (!toldOfDryRun.getAndSet(true)) {
                LOG.info("Limits are not checked before the JVM shrinks: pod={} reason={}", identity, e.getMessage());
            }
        }
    }

    /**
     * Sets the container's memory limit, and its request along with it. That the kubelet does it is another matter: the
     * cgroup tells.
     *
     * @param requestBytes memory request; if absent, the one that the pod has, as far as the limit allows
     * @throws HoldfastException DEGRADED if it is not allowed or not possible; RETRYABLE if the API server did not answer
     */
    public void resize(long limitBytes, OptionalLong requestBytes) {
        patch(limitBytes, requestBytes, false);
    }

    private void patch(long limitBytes, OptionalLong requestBytes, boolean dryRun) {
        try {
            Optional<PodState> state = readIfAllowed();
            if (state.filter(PodState::restartsContainer).isPresent()) {
                throw new HoldfastException(
                        Disposition.DEGRADED,
                        "A change of memory would restart the container '%s', by its resizePolicy".formatted(container),
                        "Set restartPolicy NotRequired for memory there, in the pod template");
            }
            PatchContext.Builder context = new PatchContext.Builder().withPatchType(PatchType.STRATEGIC_MERGE);
            if (dryRun) {
                context.withDryRun(List.of("All"));
            }
            named().subresource("resize")
                    .patch(context.build(), body(limitBytes, requestBytes.orElseGet(() -> request(limitBytes, state))));
        } catch (KubernetesClientException e) {
            throw explained(e, limitBytes);
        }
    }

    private Optional<PodState> readIfAllowed() {
        try {
            return Optional.of(read());
        } catch (KubernetesClientException e) {
            if (e.getCode() == HttpURLConnection.HTTP_FORBIDDEN) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** A request that equals the limit stays so, for the class of service may not change; a smaller one stays where it can. */
    private static long request(long limitBytes, Optional<PodState> state) {
        return state.filter(pod ->
                        pod.requestBytes().isPresent() && pod.requestBytes().get() < pod.limitBytes())
                .map(pod -> Math.min(pod.requestBytes().get(), limitBytes))
                .orElse(limitBytes);
    }

    private String body(long limitBytes, long request) {
        JsonObject resources = new JsonObject()
                .put("limits", new JsonObject().put("memory", new ByteSize(limitBytes).toString()))
                .put("requests", new JsonObject().put("memory", new ByteSize(request).toString()));
        return new JsonObject()
                .put(
                        "spec",
                        new JsonObject()
                                .put(
                                        "containers",
                                        new JsonArray()
                                                .add(new JsonObject()
                                                        .put("name", container)
                                                        .put("resources", resources))))
                .encode();
    }

    private HoldfastException explained(KubernetesClientException e, long limitBytes) {
        String said = e.getStatus() != null && e.getStatus().getMessage() != null
                ? e.getStatus().getMessage()
                : String.valueOf(e.getMessage());
        String problem = "The API server refused %s for %s with %d: %s"
                .formatted(new ByteSize(limitBytes), identity, e.getCode(), said);
        return switch (e.getCode()) {
            case HttpURLConnection.HTTP_FORBIDDEN ->
                new HoldfastException(
                        Disposition.DEGRADED, problem, "Allow the verb patch on pods/resize to the service account", e);
            case HttpURLConnection.HTTP_NOT_FOUND ->
                new HoldfastException(
                        Disposition.DEGRADED,
                        problem,
                        "Check that the cluster has in-place pod resize: Kubernetes 1.33 or newer, 1.34 to shrink memory",
                        e);
            case HttpURLConnection.HTTP_BAD_REQUEST, UNPROCESSABLE ->
                new HoldfastException(Disposition.DEGRADED, problem, "Correct what it names in the pod template", e);
            default ->
                new HoldfastException(
                        Disposition.RETRYABLE,
                        e.getCode() <= 0 ? "The API server did not answer: " + said : problem,
                        "Ask again",
                        e);
        };
    }

    /** Has all that a patch needs to know of it; by its name alone, the client would read it first. */
    private Resource<GenericKubernetesResource> named() {
        GenericKubernetesResource pod = new GenericKubernetesResource();
        pod.setApiVersion("v1");
        pod.setKind("Pod");
        pod.setMetadata(new ObjectMetaBuilder()
                .withNamespace(identity.namespace())
                .withName(identity.name())
                .build());
        return client.genericKubernetesResources(ApiObject.PODS)
                .inNamespace(identity.namespace())
                .resource(pod);
    }
}
