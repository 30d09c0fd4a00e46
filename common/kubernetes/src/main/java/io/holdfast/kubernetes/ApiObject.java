package io.holdfast.kubernetes;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;

/** One object at the API server, by its name. Calls block, and end with an exception after the client's timeouts. */
public final class ApiObject {
    /** Pods, for what is not done here. */
    public static final ResourceDefinitionContext PODS = new ResourceDefinitionContext.Builder()
            .withGroup("")
            .withVersion("v1")
            .withKind("Pod")
            .withPlural("pods")
            .withNamespaced(true)
            .build();

    private static final ResourceDefinitionContext NODES = new ResourceDefinitionContext.Builder()
            .withGroup("")
            .withVersion("v1")
            .withKind("Node")
            .withPlural("nodes")
            .withNamespaced(false)
            .build();

    private final Resource<GenericKubernetesResource> resource;
    private final String plural;
    private final String name;
    private final String ifMissing;

    private ApiObject(Resource<GenericKubernetesResource> resource, String plural, String name, String ifMissing) {
        this.resource = resource;
        this.plural = plural;
        this.name = name;
        this.ifMissing = ifMissing;
    }

    /** @param ifMissing what to do if there is no such pod, in the imperative */
    public static ApiObject pod(KubernetesClient client, PodIdentity pod, String ifMissing) {
        return new ApiObject(
                client.genericKubernetesResources(PODS)
                        .inNamespace(pod.namespace())
                        .withName(pod.name()),
                "pods",
                pod.toString(),
                ifMissing);
    }

    /** @param ifMissing what to do if there is no such node, in the imperative */
    public static ApiObject node(KubernetesClient client, String name, String ifMissing) {
        return new ApiObject(client.genericKubernetesResources(NODES).withName(name), "nodes", name, ifMissing);
    }

    /**
     * Reads it.
     *
     * @throws KubernetesClientException if the API server does not answer, or refuses
     * @throws HoldfastException DEGRADED if there is none
     */
    public GenericKubernetesResource read() {
        GenericKubernetesResource object = resource.get();
        if (object == null) {
            throw new HoldfastException(
                    Disposition.DEGRADED, "There is no %s %s".formatted(singular(), name), ifMissing);
        }
        return object;
    }

    Watch watch(Watcher<GenericKubernetesResource> watcher) {
        return resource.watch(watcher);
    }

    /** Such as {@code pods}, as roles name it. */
    String plural() {
        return plural;
    }

    /** Such as {@code pod}. */
    String singular() {
        return plural.substring(0, plural.length() - 1);
    }

    String name() {
        return name;
    }
}
