package io.holdfast.guard.cluster;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/**
 * The ValidatingWebhookConfiguration by which API servers find the guard. Somebody else makes it; only the authorities that
 * they are to trust are written here, into those of its webhooks that lead to this guard's Service. Calls block. Thread-safe.
 */
public final class WebhookRegistration {
    private final KubernetesClient client;
    private final String name;
    private final String namespace;
    private final String service;

    public WebhookRegistration(KubernetesClient client, String name, String namespace, String service) {
        this.client = client;
        this.name = name;
        this.namespace = namespace;
        this.service = service;
    }

    /**
     * Has API servers trust {@code authorities}, and no others.
     *
     * @return whether something was changed
     * @throws HoldfastException if they do not yet, and why
     */
    public boolean trust(String authorities) {
        String bundle = Base64.getEncoder().encodeToString(authorities.getBytes(StandardCharsets.UTF_8));
        try {
            GenericKubernetesResource found = client.genericKubernetesResources(Kinds.WEBHOOKS)
                    .withName(name)
                    .get();
            if (found == null) {
                throw new HoldfastException(
                        Disposition.RETRYABLE,
                        "There is no ValidatingWebhookConfiguration " + name,
                        "Create it, or set HOLDFAST_EVICTION_GUARD_WEBHOOK to its name");
            }
            ArrayNode patch = patch(found, bundle);
            if (patch.isEmpty()) {
                return false;
            }
            GenericKubernetesResource named = new GenericKubernetesResource();
            named.setApiVersion("admissionregistration.k8s.io/v1");
            named.setKind("ValidatingWebhookConfiguration");
            named.setMetadata(new ObjectMetaBuilder().withName(name).build());
            client.genericKubernetesResources(Kinds.WEBHOOKS)
                    .resource(named)
                    .patch(
                            new PatchContext.Builder()
                                    .withPatchType(PatchType.JSON)
                                    .build(),
                            patch.toString());
            return true;
        } catch (KubernetesClientException e) {
            boolean forbidden = e.getCode() == HttpURLConnection.HTTP_FORBIDDEN;
            throw new HoldfastException(
                    forbidden ? Disposition.DEGRADED : Disposition.RETRYABLE,
                    "The certificate's authority was not written to the ValidatingWebhookConfiguration %s: %s"
                            .formatted(name, Fields.said(e)),
                    forbidden
                            ? "Allow the verbs get and patch on it to the service account, by a ClusterRole"
                            : "It is tried again",
                    e);
        }
    }

    private ArrayNode patch(GenericKubernetesResource found, String bundle) {
        List<Map<?, ?>> webhooks = Fields.list(found.getAdditionalProperties().get("webhooks"));
        ArrayNode patch = JsonNodeFactory.instance.arrayNode();
        boolean ours = false;
        for (int i = 0; i < webhooks.size(); i++) {
            Map<?, ?> config = webhooks.get(i).get("clientConfig") instanceof Map<?, ?> map ? map : Map.of();
            Map<?, ?> target = config.get("service") instanceof Map<?, ?> map ? map : Map.of();
            if (!service.equals(target.get("name")) || !namespace.equals(target.get("namespace"))) {
                continue;
            }
            ours = true;
            if (!bundle.equals(config.get("caBundle"))) {
                patch.addObject()
                        .put("op", "add")
                        .put("path", "/webhooks/%d/clientConfig/caBundle".formatted(i))
                        .put("value", bundle);
            }
        }
        if (!ours) {
            throw new HoldfastException(
                    Disposition.RETRYABLE,
                    "No webhook in the ValidatingWebhookConfiguration %s leads to the Service %s/%s"
                            .formatted(name, namespace, service),
                    "Correct its clientConfig, or HOLDFAST_EVICTION_GUARD_SERVICE");
        }
        if (!patch.isEmpty()) { // positions are those of this version
            patch.insertObject(0)
                    .put("op", "test")
                    .put("path", "/metadata/resourceVersion")
                    .put("value", found.getMetadata().getResourceVersion());
        }
        return patch;
    }
}
