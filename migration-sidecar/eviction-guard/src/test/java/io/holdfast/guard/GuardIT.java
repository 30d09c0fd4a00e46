package io.holdfast.guard;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.holdfast.base.ExitCode;
import io.holdfast.guard.Drain.Answered;
import io.holdfast.testing.Eventually;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The built program in processes of its own; evictions come through an API server that asks it over HTTPS. */
@Timeout(240)
class GuardIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String RECORD = "holdfast.io/eviction";
    private static final int KILLED_BY_SIGTERM = 143;

    @TempDir
    private Path directory;

    private final FakeApiServer server = new FakeApiServer();
    private final FakeJobManager jobManager = new FakeJobManager();
    private final Drain drain = new Drain(server);
    private final Map<String, String> variables = new HashMap<>();
    private final List<GuardProcess> processes = new ArrayList<>();

    @BeforeEach
    void prepare() throws Exception {
        for (int i = 1; i <= 4; i++) {
            server.pod("tm-" + i, jobManager.url());
            jobManager.taskManager("tm-" + i, "10.0.0." + i);
        }
        variables.put(
                "KUBECONFIG", server.kubeconfig(directory.resolve("kubeconfig")).toString());
        variables.put(
                "HOLDFAST_EVICTION_GUARD_TERMINATION_MESSAGE_FILE",
                directory.resolve("last-words").toString());
        variables.put("HOLDFAST_EVICTION_GUARD_LEASE_DURATION", "3s");
        variables.put("HOLDFAST_EVICTION_GUARD_RETRY_AFTER", "1s");
        variables.put("HOLDFAST_EVICTION_GUARD_JOBMANAGER_BUDGET", "0s");
    }

    @AfterEach
    void endAll() {
        processes.forEach(GuardProcess::close);
        jobManager.close();
        server.close();
    }

    @Test
    void drainIsHeldUntilTheTasksHaveLeft() throws Exception {
        server.register("Fail"); // whatever is not an answer shows
        GuardProcess guard = start(1).get(0);
        server.register("Fail"); // an upgrade of the chart, which knows no caBundle
        Eventually.until(
                PATIENCE,
                () -> assertThat(server.webhook().at("/clientConfig/caBundle").asText())
                        .isNotEmpty());
        server.cordon(true);
        assertThat(drain.evictDry("tm-1").status()).isEqualTo(429);
        assertThat(drain.evictDryByOptions("tm-1").status()).isEqualTo(429);
        assertThat(jobManager.asked()).isEmpty();

        Answered held = drain.evict("tm-1");

        assertThat(held.status()).as("%s%n%s", held, guard).isEqualTo(429);
        assertThat(held.body().path("reason").asText()).isEqualTo("TooManyRequests");
        assertThat(held.message())
                .startsWith(
                        "admission webhook \"evictions.holdfast.io\" denied the request: Eviction triggered evacuation");
        assertThat(held.retryAfter()).isEqualTo("1");
        assertThat(server.annotation("tm-1", "descheduler.alpha.kubernetes.io/eviction-in-progress"))
                .isEqualTo("holdfast");
        assertThat(drain.evict("tm-2").message()).contains("waits until others");

        jobManager.move("tm-1", "COMPLETED", "");
        assertThat(drain.evict("tm-1").status()).isEqualTo(201);
        assertThat(server.get(FakeApiServer.pods("tm-1")).isMissingNode()).isTrue();
        assertThat(drain.evict("tm-2").status()).isEqualTo(429);
        server.put(FakeApiServer.pods("other"), "{\"status\": {\"phase\": \"Running\", \"podIP\": \"10.0.0.8\"}}");
        assertThat(drain.evict("other").status()).isEqualTo(201);
        jobManager.refuseWith(503);
        assertThat(drain.evict("tm-3").status()).isEqualTo(201);
        assertThat(server.admission().warnings())
                .singleElement()
                .asString()
                .contains("The JobManager has not answered");
        jobManager.refuseWith(0);

        assertThat(guard.status("/q/metrics").body())
                .contains("holdfast_guard_request_total{allowed=\"false\",cause=\"moving\"} 2.0")
                .contains("holdfast_guard_request_total{allowed=\"true\",cause=\"moved\"} 1.0")
                .contains("holdfast_guard_request_total{allowed=\"true\",cause=\"jobmanager-away\"} 1.0")
                .contains("holdfast_guard_dry_run_total 2.0")
                .contains("holdfast_guard_leader 1.0");
        Eventually.until(PATIENCE, () -> assertThat(server.reasons("tm-3")).contains("EvictionNotHeld"));
        assertThat(server.used())
                .isEqualTo(new TreeSet<>(FakeApiServer.RBAC.stream()
                        .filter(verb -> !verb.equals("patch secrets")) // of renewals only
                        .toList()));
        guard.terminate();
        assertThat(guard.exitCode()).isEqualTo(KILLED_BY_SIGTERM);
        assertThat(server.get("/apis/coordination.k8s.io/v1/namespaces/jobs/leases/holdfast-eviction-guard")
                        .at("/spec/leaseDurationSeconds")
                        .asInt())
                .as("the lease is given back: it ends within a second")
                .isEqualTo(1);
    }

    @Test
    void jobManagerThatHangsCostsNoMoreThanTheAnswersTime() throws Exception {
        variables.put("HOLDFAST_EVICTION_GUARD_ANSWER_TIMEOUT", "2s");
        variables.put("HOLDFAST_EVICTION_GUARD_JOBMANAGER_TIMEOUT", "1500ms");
        server.register("Fail");
        start(1);
        jobManager.hang(true);

        ExecutorService threads = Executors.newCachedThreadPool();
        List<Future<Answered>> answers = new ArrayList<>();
        for (int i = 0; i < 24; i++) { // more than there are threads that decide
            String pod = "tm-" + (i % 4 + 1);
            answers.add(threads.submit(() -> drain.evictDry(pod)));
        }
        for (Future<Answered> answer : answers) {
            assertThat(answer.get(60, TimeUnit.SECONDS).status()).isEqualTo(201);
        }
        threads.shutdownNow();

        assertThat(server.admission().failures()).isEmpty();
        assertThat(server.admission().warnings())
                .as("those that no thread was free for")
                .anyMatch(warning -> warning.contains("HOLDFAST_EVICTION_GUARD_ANSWER_TIMEOUT"));
    }

    @Test
    void guardThatIsDownHoldsNothingUp() throws Exception {
        GuardProcess guard = start(1).get(0);
        assertThat(drain.evict("tm-1").status()).isEqualTo(429);

        guard.kill();

        assertThat(drain.evict("tm-1").status()).isEqualTo(201);
        assertThat(server.admission().failures()).hasSize(1);
    }

    @Test
    void oneReplicaGoesOnWhereTheOtherWasKilled() throws Exception {
        variables.put("HOLDFAST_EVICTION_GUARD_WITHDRAW_AFTER", "5s");
        List<GuardProcess> guards = start(2);
        for (int i = 0; i < 4; i++) { // each is asked in turn
            assertThat(drain.evict("tm-1").status()).isEqualTo(429);
        }
        assertThat(jobManager.asked()).as("both know of one move").hasSize(1);
        assertThat(drain.evict("tm-2").message()).contains("waits until others");
        assertThat(drain.evict("tm-2").message()).contains("waits until others");
        Eventually.until(
                PATIENCE,
                () -> assertThat(guards.stream().filter(GuardProcess::leads)).hasSize(1));
        String first = firstRequested("tm-1");

        GuardProcess leader =
                guards.stream().filter(GuardProcess::leads).findFirst().orElseThrow();
        GuardProcess other = guards.get(guards.indexOf(leader) == 0 ? 1 : 0);
        leader.kill();
        server.endpoints(other.port());

        assertThat(drain.evict("tm-1").status()).isEqualTo(429);
        assertThat(firstRequested("tm-1")).isEqualTo(first);
        Eventually.until(PATIENCE, () -> assertThat(other.leads()).isTrue());
        // nobody asks any more, and the node was never cordoned
        Eventually.until(PATIENCE, () -> assertThat(jobManager.states()).containsExactly("CANCELLED"));
        Eventually.until(
                PATIENCE, () -> assertThat(server.annotation("tm-1", RECORD)).isEmpty());
        Eventually.until(
                PATIENCE, () -> assertThat(server.annotation("tm-2", RECORD)).isEmpty());
    }

    @Test
    void certificateAndAuthorityAreRenewedWhileRequestsRun() throws Exception {
        variables.put("HOLDFAST_EVICTION_GUARD_TLS_OVERLAP", "1s");
        variables.put("HOLDFAST_EVICTION_GUARD_TLS_VALIDITY", "30s");
        variables.put("HOLDFAST_EVICTION_GUARD_TLS_AUTHORITY_VALIDITY", "45s");
        server.register("Fail");
        start(2);
        String first = server.webhook().at("/clientConfig/caBundle").asText();
        AtomicBoolean going = new AtomicBoolean(true);
        List<Integer> statuses = new ArrayList<>();
        Thread requests = new Thread(() -> {
            while (going.get()) {
                statuses.add(drain.evictDry("tm-1").status());
            }
        });
        requests.start();

        TreeSet<String> certificates = new TreeSet<>();
        List<String> bundles = new ArrayList<>();
        Eventually.until(Duration.ofSeconds(120), () -> {
            certificates.add(secret().path("tls.crt").asText());
            String bundle = server.webhook().at("/clientConfig/caBundle").asText();
            if (!bundles.contains(bundle)) {
                bundles.add(bundle);
            }
            List<X509Certificate> oldest = AdmissionCalls.authorities(first);
            assertThat(AdmissionCalls.authorities(bundle)).doesNotContainAnyElementsOf(oldest);
            assertThat(certificates).hasSizeGreaterThan(2);
        });
        going.set(false);
        requests.join(20_000);

        assertThat(server.admission().failures()).isEmpty();
        assertThat(statuses).hasSizeGreaterThan(20).containsOnly(429);
        assertThat(bundles)
                .as("the old authority stays for a while")
                .anyMatch(bundle -> AdmissionCalls.authorities(bundle).size() == 2);
        assertThat(server.used()).contains("patch secrets").isSubsetOf(FakeApiServer.RBAC);
    }

    @Test
    void missingPermissionsAreToldOnceAndWithTheVerb() throws Exception {
        server.forbid("get leases");
        server.forbid("get secrets");
        GuardProcess guard = process();

        Eventually.until(
                Duration.ofSeconds(60),
                () -> assertThat(guard.out())
                        .contains("allow the verbs get, create and patch on leases", "Allow the verb get on secrets"));
        long asked = asked("leases");
        Eventually.until(PATIENCE, () -> assertThat(asked("leases")).isGreaterThan(asked + 2));
        assertThat(guard.out()).containsOnlyOnce("Lease not held").doesNotContain("Exception");
        assertThat(guard.status("/q/health/ready").statusCode()).isEqualTo(503);
        assertThat(guard.status("/q/health/live").statusCode()).isEqualTo(200);
    }

    private long asked(String plural) {
        return server.requests().stream()
                .filter(request -> request.contains("/" + plural + "/"))
                .count();
    }

    @Test
    void certificateFromFilesIsReadAgainWhenItChanges() throws Exception {
        Path certificate = directory.resolve("tls.crt");
        Path key = directory.resolve("tls.key");
        variables.put("HOLDFAST_EVICTION_GUARD_TLS_SOURCE", "files");
        variables.put("HOLDFAST_EVICTION_GUARD_TLS_CERTIFICATE_FILE", certificate.toString());
        variables.put("HOLDFAST_EVICTION_GUARD_TLS_KEY_FILE", key.toString());
        server.register("Fail");
        Map<String, String> made = GivenCertificates.made();
        write(certificate, key, made);
        server.merge(webhookPath(), caBundle(made));
        GuardProcess guard = start(1).get(0);
        assertThat(drain.evictDry("tm-1").status()).as(guard.toString()).isEqualTo(429);

        Map<String, String> next = GivenCertificates.made();
        write(certificate, key, next);
        server.merge(webhookPath(), caBundle(next));

        Eventually.until(
                PATIENCE, () -> assertThat(drain.evictDry("tm-1").status()).isEqualTo(429));
        assertThat(server.used()).doesNotContain("get secrets", "get validatingwebhookconfigurations");
    }

    @Test
    void startThatCannotBeSaysWhy() throws Exception {
        variables.put("HOLDFAST_EVICTION_GUARD_FORCE_AFTR", "1m");
        GuardProcess misspelled = process();
        assertThat(misspelled.exitCode()).isEqualTo(ExitCode.BAD_CONFIGURATION);
        assertThat(misspelled.err())
                .contains("HOLDFAST_EVICTION_GUARD_FORCE_AFTR is not a Holdfast variable; did you mean"
                        + " HOLDFAST_EVICTION_GUARD_FORCE_AFTER?");
        variables.remove("HOLDFAST_EVICTION_GUARD_FORCE_AFTR");

        variables.put("HOLDFAST_EVICTION_GUARD_ANSWER_TIMEOUT", "10s");
        GuardProcess tooPatient = process();
        assertThat(tooPatient.exitCode()).isEqualTo(ExitCode.BAD_CONFIGURATION);
        assertThat(Files.readString(directory.resolve("last-words")))
                .contains("HOLDFAST_EVICTION_GUARD_ANSWER_TIMEOUT must be from 1s to 9s: 10s");
        variables.remove("HOLDFAST_EVICTION_GUARD_ANSWER_TIMEOUT");

        variables.put(
                "HOLDFAST_EVICTION_GUARD_LISTEN",
                "127.0.0.1:" + jobManager.url().getPort());
        GuardProcess elsewhere = process();
        assertThat(elsewhere.exitCode()).as(elsewhere.toString()).isEqualTo(ExitCode.BAD_CONFIGURATION);
        assertThat(elsewhere.err()).contains("Cannot listen where the variable that ends with _LISTEN says");
    }

    private GuardProcess process() {
        GuardProcess process = GuardProcess.start(directory, variables);
        processes.add(process);
        return process;
    }

    /** Starts replicas, and has the Service lead to them. */
    private List<GuardProcess> start(int count) {
        List<GuardProcess> started = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            started.add(process());
        }
        started.forEach(GuardProcess::awaitReady);
        server.endpoints(started.stream().mapToInt(GuardProcess::port).toArray());
        Eventually.until(
                PATIENCE,
                () -> assertThat(server.webhook().at("/clientConfig/caBundle").asText())
                        .isNotEmpty());
        return started;
    }

    private JsonNode secret() {
        return server.get("/api/v1/namespaces/jobs/secrets/holdfast-eviction-guard-tls")
                .path("data");
    }

    private String firstRequested(String pod) throws Exception {
        return FakeApiServer.JSON
                .readTree(server.annotation(pod, RECORD))
                .path("firstRequestedAt")
                .asText();
    }

    private static String webhookPath() {
        return "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/" + FakeApiServer.WEBHOOK;
    }

    private String caBundle(Map<String, String> made) {
        JsonNode webhook = server.webhook();
        ((ObjectNode) webhook.path("clientConfig")).put("caBundle", GivenCertificates.base64(made.get("ca.crt")));
        return "{\"webhooks\": [%s]}".formatted(webhook);
    }

    private static void write(Path certificate, Path key, Map<String, String> made) throws Exception {
        Files.writeString(certificate, made.get("tls.crt"));
        Files.writeString(key, made.get("tls.key"));
    }
}
