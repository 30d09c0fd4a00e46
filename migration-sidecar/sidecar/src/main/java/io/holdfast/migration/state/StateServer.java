package io.holdfast.migration.state;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import io.holdfast.migration.client.Handoff;
import io.holdfast.quarkus.BearerToken;
import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.ConfigValidationException.Problem;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.net.HttpURLConnection;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the TaskManager's local state over HTTP to those that get its tasks, and to nobody without the token. A server of its
 * own: other pods have to reach it, and need not reach what else the sidecar answers. What it answers is in {@code
 * docs/reference/state-handoff-api.yaml}.
 */
public final class StateServer implements AutoCloseable {
    /** Where the files of a checkpoint are listed, as the reference has it. */
    public static final String LISTING = "/state/{allocation}/{job}/{vertex}/{subtask}/{checkpoint}";

    /** Where one of them is, as the reference has it; {@code path} may have slashes. */
    public static final String FILE = LISTING + "/files/{path}";

    /** So many at once; more are closed. Each costs memory, of which a sidecar has little. */
    static final int MOST_CONNECTIONS = 256;

    private static final Logger LOG = LoggerFactory.getLogger(StateServer.class);
    private static final Duration IDLE = Duration.ofMinutes(5);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Vertx vertx;
    private final StateSettings settings;
    private final StateToken token = new StateToken(new SecureRandom());
    private final StateDirectories directories;
    private final Lister lister;
    private final FileSender files;
    private final Reply reply;
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicBoolean strangerTold = new AtomicBoolean();
    private HttpServer server;

    public StateServer(Vertx vertx, StateSettings settings, StateMeters meters) {
        this.vertx = vertx;
        this.settings = settings;
        this.directories = new StateDirectories(settings.directories());
        this.reply = new Reply(meters);
        this.lister = new Lister(vertx, directories, new Checksums(meters::checksummed), reply);
        this.files = new FileSender(vertx, directories, pacer(settings.bytesPerSecond()), meters, reply);
    }

    private Optional<Pacer> pacer(OptionalLong bytesPerSecond) {
        return bytesPerSecond.isEmpty()
                ? Optional.empty()
                : Optional.of(new Pacer(
                        new TokenBucket(bytesPerSecond.getAsLong()),
                        System::nanoTime,
                        (millis, task) -> vertx.setTimer(millis, id -> task.run())));
    }

    /**
     * Listens, and blocks until it does.
     *
     * @param ownAddresses of this container, the likeliest first
     * @return what the JobManager is told
     * @throws ConfigValidationException with one sentence for each directory that cannot be used
     * @throws HoldfastException FATAL if the address is taken, or none could be told
     */
    public Handoff start(List<String> ownAddresses) {
        List<String> problems = directories.problems();
        if (!problems.isEmpty()) {
            throw new ConfigValidationException(
                    problems.stream().map(Problem::new).toArray(Problem[]::new));
        }
        int port = listen();
        URI url = settings.url().orElseGet(() -> StateAddress.of(settings.listen(), port, ownAddresses));
        LOG.info("State served: port={} url={} directories={}", port, url, directories);
        return new Handoff(url, token.text());
    }

    private int listen() {
        HttpServerOptions options = new HttpServerOptions()
                .setHost(settings.listen().host())
                .setPort(settings.listen().port())
                .setHttp2ClearTextEnabled(false)
                .setIdleTimeout((int) IDLE.toSeconds());
        server = vertx.createHttpServer(options).connectionHandler(this::count).requestHandler(this::handle);
        try {
            return server.listen()
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                    .actualPort();
        } catch (ExecutionException e) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "Cannot listen at %s:%d, where HOLDFAST_MIGRATION_STATE_LISTEN says: %s"
                            .formatted(
                                    settings.listen().host(),
                                    settings.listen().port(),
                                    e.getCause().getMessage()),
                    "Set it to another address, or end the process that listens there",
                    e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted at its start", e);
        } catch (TimeoutException e) {
            throw new IllegalStateException("no answer from Vert.x in " + PATIENCE, e);
        }
    }

    private void count(HttpConnection connection) {
        connection.closeHandler(closed -> connections.decrementAndGet());
        if (connections.incrementAndGet() > MOST_CONNECTIONS) {
            LOG.debug("Connection closed, for there are too many: from={}", connection.remoteAddress());
            connection.close();
        }
    }

    private void handle(HttpServerRequest request) {
        if (!token.allows(request.getHeader(HttpHeaders.AUTHORIZATION))) {
            turnAway(request);
            return;
        }
        Optional<StatePath> path = StatePath.parse(request.path() == null ? "" : request.path());
        if (path.isEmpty()) {
            reply.gone(request.response());
        } else if (!HttpMethod.GET.equals(request.method())) {
            request.response().putHeader(HttpHeaders.ALLOW, HttpMethod.GET.name());
            reply.problem(
                    request.response(),
                    HttpURLConnection.HTTP_BAD_METHOD,
                    StateAnswer.REFUSED,
                    "State can be read, and nothing else. Use GET.");
        } else if (path.get().file().isEmpty()) {
            lister.answer(request.response(), path.get().checkpoint());
        } else {
            files.answer(request, path.get());
        }
    }

    private void turnAway(HttpServerRequest request) {
        if (strangerTold.compareAndSet(false, true)) {
            LOG.warn(
                    "State asked for without the token, which is told once: from={}. Let only TaskManagers reach this port, by"
                            + " a NetworkPolicy",
                    request.remoteAddress());
        }
        request.response().putHeader("WWW-Authenticate", BearerToken.SCHEME);
        reply.problem(
                request.response(),
                HttpURLConnection.HTTP_UNAUTHORIZED,
                StateAnswer.UNAUTHORIZED,
                "Send the token that the move has as Authorization: Bearer TOKEN.");
    }

    /** Breaks off what is being sent. */
    @Override
    public void close() {
        lister.close();
        if (server == null) {
            return;
        }
        try {
            server.close().toCompletionStage().toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("Listening not ended well", e);
        }
    }
}
