package io.holdfast.guard.cluster;

import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;

/** What of Kubernetes is read as generic resources: typed ones would have hundreds of classes loaded for a few fields. */
final class Kinds {
    static final ResourceDefinitionContext PODS = of("", "Pod", "pods", true);
    static final ResourceDefinitionContext NODES = of("", "Node", "nodes", false);
    static final ResourceDefinitionContext SECRETS = of("", "Secret", "secrets", true);
    static final ResourceDefinitionContext WEBHOOKS = of(
            "admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", false);

    /** Not the subresource of pods, but what Kubernetes 1.37 makes of EvictionRequests. */
    static final ResourceDefinitionContext EVICTIONS = new ResourceDefinitionContext.Builder()
            .withGroup("lifecycle.k8s.io")
            .withVersion("v1alpha1")
            .withKind("Eviction")
            .withPlural("evictions")
            .withNamespaced(true)
            .build();

    private Kinds() {}

    private static ResourceDefinitionContext of(String group, String kind, String plural, boolean namespaced) {
        return new ResourceDefinitionContext.Builder()
                .withGroup(group)
                .withVersion("v1")
                .withKind(kind)
                .withPlural(plural)
                .withNamespaced(namespaced)
                .build();
    }
}
