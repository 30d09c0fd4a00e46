package io.holdfast.kubernetes;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ListMeta;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.StatusCause;
import io.fabric8.kubernetes.api.model.StatusDetails;
import io.fabric8.kubernetes.api.model.WatchEvent;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.fabric8.kubernetes.client.vertx.VertxHttpClientFactory;
import io.quarkus.runtime.annotations.RegisterForReflection;
import io.vertx.core.Vertx;
import java.time.Duration;

/**
 * Makes the client of the API server, which finds address and credentials as all clients in a pod do. Made by hand, and without
 * Quarkus' extension: that and the client's own search for types load the whole model of Kubernetes, and what our
 * programs read are generic resources.
 */
@RegisterForReflection(
        targets = {
            GenericKubernetesResource.class,
            ListMeta.class,
            ManagedFieldsEntry.class,
            ObjectMeta.class,
            OwnerReference.class,
            Status.class,
            StatusCause.class,
            StatusDetails.class,
            WatchEvent.class
        })
public final class ApiServer {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private ApiServer() {}

    /** A client on {@code vertx}, whose threads it uses. It does nothing until it is asked. */
    public static KubernetesClient client(Vertx vertx) {
        return client(vertx, PATIENCE);
    }

    /** @param patience how long a connection, and then an answer, is waited for */
    public static KubernetesClient client(Vertx vertx, Duration patience) {
        return client(vertx, Config.autoConfigure(null), patience);
    }

    /** One that is told where to find the server, instead of searching for it. */
    public static KubernetesClient client(Vertx vertx, Config found, Duration patience) {
        Config config = new ConfigBuilder(found)
                .withConnectionTimeout((int) patience.toMillis())
                .withRequestTimeout((int) patience.toMillis())
                .withRequestRetryBackoffLimit(1) // who calls decides about trying again
                .build();
        KubernetesSerialization serialization = new KubernetesSerialization(new ObjectMapper(), false);
        serialization.registerKubernetesResource(Status.class); // else a watch that is told "gone" asks for ever
        return new KubernetesClientBuilder()
                .withConfig(config)
                .withKubernetesSerialization(serialization)
                .withHttpClientFactory(new VertxHttpClientFactory(vertx))
                .build();
    }
}
