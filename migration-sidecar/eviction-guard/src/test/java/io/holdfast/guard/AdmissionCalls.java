package io.holdfast.guard;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import okhttp3.ConnectionPool;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/**
 * How an API server asks a webhook: it trusts the registered authorities alone, expects the name of the Service, waits for
 * {@code timeoutSeconds}, applies {@code failurePolicy}, and words a refusal as servers do.
 */
final class AdmissionCalls implements AutoCloseable {
    private static final MediaType JSON_TYPE = MediaType.get("application/json");

    private final Map<String, OkHttpClient> clients = new ConcurrentHashMap<>();
    private final List<String> failures = new CopyOnWriteArrayList<>();
    private final List<String> warnings = new CopyOnWriteArrayList<>();
    private final List<Long> millis = new CopyOnWriteArrayList<>();
    private final AtomicInteger turn = new AtomicInteger();
    private volatile int[] ports = {};

    void endpoints(int... now) {
        ports = now;
    }

    /** Calls that got no answer of use, and why. */
    List<String> failures() {
        return failures;
    }

    List<String> warnings() {
        return warnings;
    }

    /** How long each answer took. */
    List<Long> millis() {
        return millis;
    }

    /** Returns the status of a refusal; null if the eviction goes on. */
    JsonNode ask(JsonNode webhook, String namespace, String pod, ObjectNode eviction, boolean dryRun, String user) {
        String uid = UUID.randomUUID().toString();
        ObjectNode review = FakeApiServer.JSON
                .createObjectNode()
                .put("kind", "AdmissionReview")
                .put("apiVersion", "admission.k8s.io/v1");
        ObjectNode request = review.putObject("request")
                .put("uid", uid)
                .put("name", pod)
                .put("namespace", namespace)
                .put("operation", "CREATE")
                .put("subResource", "eviction")
                .put("dryRun", dryRun);
        request.putObject("kind").put("group", "policy").put("version", "v1").put("kind", "Eviction");
        request.putObject("resource").put("group", "").put("version", "v1").put("resource", "pods");
        request.putObject("userInfo").put("username", user);
        request.set("object", eviction);
        long begin = System.nanoTime();
        JsonNode response;
        try {
            response = call(webhook, review.toString());
            if (!uid.equals(response.path("uid").asText())) {
                throw new IOException("expected response.uid=\"%s\", got %s".formatted(uid, response));
            }
        } catch (IOException | GeneralSecurityException e) {
            failures.add(e.toString());
            return webhook.path("failurePolicy").asText().equals("Ignore")
                    ? null
                    : FakeApiServer.status(
                            500,
                            "InternalError",
                            "failed calling webhook \"%s\": %s"
                                    .formatted(webhook.path("name").asText(), e.getMessage()));
        }
        millis.add(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin));
        response.path("warnings").forEach(warning -> warnings.add(warning.asText()));
        return response.path("allowed").asBoolean() ? null : refusal(webhook, response.path("status"));
    }

    private static JsonNode refusal(JsonNode webhook, JsonNode said) {
        ObjectNode status = said.isObject() ? said.deepCopy() : FakeApiServer.JSON.createObjectNode();
        String denied = "admission webhook \"%s\" denied the request"
                .formatted(webhook.path("name").asText());
        String message = said.path("message").asText(said.path("reason").asText());
        return status.put("kind", "Status")
                .put("apiVersion", "v1")
                .put("status", "Failure")
                .put("code", Math.max(400, said.path("code").asInt()))
                .put("message", message.isEmpty() ? denied + " without explanation" : denied + ": " + message);
    }

    private JsonNode call(JsonNode webhook, String review) throws IOException, GeneralSecurityException {
        JsonNode config = webhook.path("clientConfig");
        JsonNode service = config.path("service");
        int[] endpoints = ports;
        if (endpoints.length == 0) {
            throw new IOException("no endpoints available for service \"%s\""
                    .formatted(service.path("name").asText()));
        }
        OkHttpClient client = client(
                config.path("caBundle").asText(), webhook.path("timeoutSeconds").asInt());
        HttpUrl url = new HttpUrl.Builder()
                .scheme("https")
                .host("%s.%s.svc"
                        .formatted(
                                service.path("name").asText(),
                                service.path("namespace").asText()))
                .port(endpoints[Math.floorMod(turn.getAndIncrement(), endpoints.length)])
                .encodedPath(service.path("path").asText())
                .addQueryParameter("timeout", webhook.path("timeoutSeconds").asText() + "s")
                .build();
        Request request = new Request.Builder()
                .url(url)
                .post(RequestBody.create(review, JSON_TYPE))
                .build();
        try (Response response = client.newCall(request).execute()) {
            if (response.code() != 200) {
                throw new IOException("HTTP " + response.code());
            }
            return FakeApiServer.JSON.readTree(response.body().string()).path("response");
        }
    }

    private OkHttpClient client(String bundle, int timeoutSeconds) throws GeneralSecurityException, IOException {
        OkHttpClient known = clients.get(bundle);
        if (known != null) {
            return known;
        }
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        byte[] pem = Base64.getDecoder().decode(bundle);
        if (pem.length > 0) { // without one, a server trusts what its machine trusts: not this
            int i = 0;
            for (Certificate authority :
                    CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(pem))) {
                store.setCertificateEntry("ca-" + i++, authority);
            }
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(pem.length > 0 ? store : null);
        X509TrustManager trust = (X509TrustManager) factory.getTrustManagers()[0];
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new X509TrustManager[] {trust}, null);
        OkHttpClient client = new OkHttpClient.Builder()
                .sslSocketFactory(context.getSocketFactory(), trust)
                .dns(host -> List.of(InetAddress.getLoopbackAddress()))
                .callTimeout(timeoutSeconds, TimeUnit.SECONDS)
                .readTimeout(timeoutSeconds, TimeUnit.SECONDS)
                .retryOnConnectionFailure(false)
                .connectionPool(new ConnectionPool(0, 1, TimeUnit.MILLISECONDS)) // each call shakes hands anew
                .build();
        clients.put(bundle, client);
        return client;
    }

    /** The authorities in a bundle, for assertions. */
    static List<X509Certificate> authorities(String bundle) {
        try {
            return CertificateFactory.getInstance("X.509")
                    .generateCertificates(
                            new ByteArrayInputStream(Base64.getDecoder().decode(bundle)))
                    .stream()
                    .map(X509Certificate.class::cast)
                    .toList();
        } catch (GeneralSecurityException e) {
            throw new AssertionError(new String(Base64.getDecoder().decode(bundle), StandardCharsets.UTF_8), e);
        }
    }

    @Override
    public void close() {
        clients.values().forEach(client -> {
            client.dispatcher().executorService().shutdown();
            client.connectionPool().evictAll();
        });
    }
}
