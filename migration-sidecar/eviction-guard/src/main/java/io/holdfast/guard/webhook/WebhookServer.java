package io.holdfast.guard.webhook;

import io.holdfast.guard.decide.Answer;
import io.holdfast.guard.decide.Cause;
import io.holdfast.quarkus.ListenAddress;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.net.KeyCertOptions;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Function;
import javax.net.ssl.X509KeyManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers API servers over HTTPS, always within the time it was given: what is not decided by then is allowed. Requests are
 * decided by threads of its own, so that a JobManager that is slow holds up neither health checks nor other requests for long.
 */
public final class WebhookServer implements AutoCloseable {
    /** Where reviews are posted to. */
    public static final String PATH = "/evictions";

    private static final Logger LOG = LoggerFactory.getLogger(WebhookServer.class);
    private static final int DECIDERS = 16;
    private static final int MOST_WAITING = 256;
    private static final int LARGEST_BODY = 256 * 1024; // a review of an eviction has a few KiB
    private static final Duration IDLE = Duration.ofMinutes(5);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Vertx vertx;
    private final Function<EvictionRequest, Answer> decide;
    private final BiConsumer<EvictionRequest, Answer> undecided;
    private final Duration answerTimeout;
    private final ThreadPoolExecutor deciders;
    private HttpServer server;

    /**
     * @param decide blocks as long as it takes
     * @param undecided told of answers that {@code decide} did not give
     * @param answerTimeout after which an eviction is allowed that is not decided
     */
    public WebhookServer(
            Vertx vertx,
            Function<EvictionRequest, Answer> decide,
            BiConsumer<EvictionRequest, Answer> undecided,
            Duration answerTimeout) {
        this.vertx = vertx;
        this.decide = decide;
        this.undecided = undecided;
        this.answerTimeout = answerTimeout;
        AtomicInteger count = new AtomicInteger();
        ThreadFactory threads = task -> {
            Thread thread = new Thread(task, "holdfast-eviction-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
        this.deciders = new ThreadPoolExecutor(
                DECIDERS, DECIDERS, 1, TimeUnit.MINUTES, new LinkedBlockingQueue<>(MOST_WAITING), threads);
        deciders.allowCoreThreadTimeOut(true);
    }

    /** Listens, and blocks until it does. Returns the port. */
    public int start(ListenAddress address, X509KeyManager key) {
        HttpServerOptions options = new HttpServerOptions()
                .setHost(address.host())
                .setPort(address.port())
                .setSsl(true)
                .setUseAlpn(true)
                .setEnabledSecureTransportProtocols(Set.of("TLSv1.2", "TLSv1.3"))
                .setKeyCertOptions(KeyCertOptions.wrap(key))
                .setIdleTimeout((int) IDLE.toSeconds());
        server = vertx.createHttpServer(options).requestHandler(this::handle);
        try {
            return server.listen()
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                    .actualPort();
        } catch (ExecutionException e) {
            throw new CompletionException("cannot listen at " + address, e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted at its start", e);
        } catch (TimeoutException e) {
            throw new IllegalStateException("no answer from Vert.x in " + PATIENCE, e);
        }
    }

    private void handle(HttpServerRequest request) {
        if (!PATH.equals(request.path())) {
            refuse(request, HttpURLConnection.HTTP_NOT_FOUND, "Post admission reviews to " + PATH);
        } else if (!HttpMethod.POST.equals(request.method())) {
            refuse(request, HttpURLConnection.HTTP_BAD_METHOD, "Post admission reviews");
        } else {
            read(request);
        }
    }

    private void read(HttpServerRequest request) {
        Buffer body = Buffer.buffer();
        AtomicBoolean tooLarge = new AtomicBoolean();
        request.handler(part -> {
            if (body.length() + part.length() > LARGEST_BODY) {
                tooLarge.set(true);
            } else {
                body.appendBuffer(part);
            }
        });
        request.endHandler(end -> {
            if (tooLarge.get()) {
                refuse(request, HttpURLConnection.HTTP_ENTITY_TOO_LARGE, "No review of an eviction is that large");
                return;
            }
            byte[] bytes = body.getBytes();
            try {
                Optional<EvictionRequest> eviction = AdmissionReview.read(bytes);
                if (eviction.isPresent()) {
                    decide(request.response(), eviction.get());
                } else {
                    send(request.response(), AdmissionReview.allow(bytes));
                }
            } catch (IllegalArgumentException e) {
                refuse(request, HttpURLConnection.HTTP_BAD_REQUEST, e.getMessage());
            }
        });
    }

    private void decide(HttpServerResponse response, EvictionRequest request) {
        AtomicBoolean answered = new AtomicBoolean();
        long timer = vertx.setTimer(answerTimeout.toMillis(), id -> {
            if (answered.compareAndSet(false, true)) {
                Answer answer = Answer.allow(
                        Cause.TIMED_OUT,
                        "it was not decided within HOLDFAST_EVICTION_GUARD_ANSWER_TIMEOUT; look at the guard's log");
                undecided.accept(request, answer);
                send(response, AdmissionReview.write(request, answer));
            }
        });
        try {
            deciders.execute(() -> {
                if (answered.get()) {
                    return; // it has waited too long for a thread
                }
                Answer answer = decided(request);
                if (answered.compareAndSet(false, true)) {
                    vertx.cancelTimer(timer);
                    send(response, AdmissionReview.write(request, answer));
                }
            });
        } catch (RejectedExecutionException e) {
            if (answered.compareAndSet(false, true)) {
                vertx.cancelTimer(timer);
                Answer answer = Answer.allow(Cause.TIMED_OUT, "too many evictions are being decided");
                undecided.accept(request, answer);
                send(response, AdmissionReview.write(request, answer));
            }
        }
    }

    private Answer decided(EvictionRequest request) {
        try {
            return decide.apply(request);
        } catch (RuntimeException e) {
            LOG.error("Eviction not decided, so it is allowed: pod={}/{}", request.namespace(), request.pod(), e);
            Answer answer = Answer.allow(Cause.FAILED, "the guard failed: " + e.getMessage());
            undecided.accept(request, answer);
            return answer;
        }
    }

    private static void send(HttpServerResponse response, String json) {
        if (response.ended() || response.closed()) {
            return; // who asked is gone
        }
        try {
            response.putHeader("Content-Type", "application/json").end(json);
        } catch (IllegalStateException e) {
            LOG.debug("Answer not sent: who asked is gone", e);
        }
    }

    private static void refuse(HttpServerRequest request, int status, String why) {
        request.response()
                .setStatusCode(status)
                .putHeader("Content-Type", "text/plain")
                .end(why + "\n");
    }

    /** Answers what it has been asked, and nothing more. */
    @Override
    public void close() {
        deciders.shutdown();
        try {
            deciders.awaitTermination(answerTimeout.toMillis(), TimeUnit.MILLISECONDS);
            if (server != null) {
                server.close().toCompletionStage().toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("Listening not ended well", e);
        }
    }
}
