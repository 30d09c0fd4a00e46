package io.holdfast.guard.cluster;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
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
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The Secret that the replicas share their certificate by. Calls block. Thread-safe. */
public final class TlsSecret {
    private final KubernetesClient client;
    private final String namespace;
    private final String name;

    public TlsSecret(KubernetesClient client, String namespace, String name) {
        this.client = client;
        this.namespace = namespace;
        this.name = name;
    }

    /** @param version which a change of it has to name */
    public record Seen(String version, Map<String, String> entries) {}

    /** @throws HoldfastException if it cannot be read */
    public Optional<Seen> read() {
        try {
            return Optional.ofNullable(client.genericKubernetesResources(Kinds.SECRETS)
                            .inNamespace(namespace)
                            .withName(name)
                            .get())
                    .map(TlsSecret::seen);
        } catch (KubernetesClientException e) {
            throw failed(e, "get");
        }
    }

    private static Seen seen(GenericKubernetesResource secret) {
        Map<String, String> entries = new LinkedHashMap<>();
        Fields.child(secret, "data").forEach((key, value) -> {
            try {
                entries.put(
                        String.valueOf(key),
                        new String(Base64.getDecoder().decode(String.valueOf(value)), StandardCharsets.UTF_8));
            } catch (IllegalArgumentException e) {
                entries.put(String.valueOf(key), ""); // no text: as good as not there
            }
        });
        return new Seen(secret.getMetadata().getResourceVersion(), entries);
    }

    /**
     * Writes all entries.
     *
     * @param before absent if there was none
     * @return whether they were written; if not, another replica was quicker
     * @throws HoldfastException if it cannot be written
     */
    public boolean write(Optional<Seen> before, Map<String, String> entries) {
        ObjectNode data = JsonNodeFactory.instance.objectNode();
        entries.forEach((key, value) ->
                data.put(key, Base64.getEncoder().encodeToString(value.getBytes(StandardCharsets.UTF_8))));
        GenericKubernetesResource secret = new GenericKubernetesResource();
        secret.setApiVersion("v1");
        secret.setKind("Secret");
        secret.setMetadata(new ObjectMetaBuilder()
                .withNamespace(namespace)
                .withName(name)
                .addToLabels("app.kubernetes.io/part-of", "holdfast")
                .addToLabels("app.kubernetes.io/component", "eviction-guard")
                .build());
        try {
            var secrets = client.genericKubernetesResources(Kinds.SECRETS).inNamespace(namespace);
            if (before.isEmpty()) {
                secret.setAdditionalProperty("type", "Opaque");
                secret.setAdditionalProperty("data", data);
                secrets.resource(secret).create();
            } else {
                ObjectNode patch = JsonNodeFactory.instance.objectNode();
                patch.putObject("metadata").put("resourceVersion", before.get().version());
                patch.set("data", data);
                secrets.resource(secret)
                        .patch(
                                new PatchContext.Builder()
                                        .withPatchType(PatchType.JSON_MERGE)
                                        .build(),
                                patch.toString());
            }
            return true;
        } catch (KubernetesClientException e) {
            if (e.getCode() == HttpURLConnection.HTTP_CONFLICT || e.getCode() == HttpURLConnection.HTTP_NOT_FOUND) {
                return false;
            }
            throw failed(e, before.isEmpty() ? "create" : "patch");
        }
    }

    private HoldfastException failed(KubernetesClientException e, String verb) {
        boolean forbidden = e.getCode() == HttpURLConnection.HTTP_FORBIDDEN;
        return new HoldfastException(
                forbidden ? Disposition.DEGRADED : Disposition.RETRYABLE,
                "The Secret %s/%s was not %s: %s"
                        .formatted(namespace, name, verb.equals("get") ? "read" : "written", Fields.said(e)),
                forbidden
                        ? "Allow the verb %s on secrets to the service account, or set HOLDFAST_EVICTION_GUARD_TLS_SOURCE to"
                                        .formatted(verb)
                                + " files"
                        : "It is tried again",
                e);
    }
}
