package io.holdfast.migration;

import io.quarkus.vertx.http.HttpServer;
import io.vertx.core.Promise;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A short run for the class archive of the image: everything is used once that is used in every run. Wanted by the system
 * property {@code holdfast.training}, which only the build of the image sets.
 */
@Singleton
final class Training {
    private static final int TIMEOUT_MILLIS = 30_000;

    /** Loaded if something is ready before somebody waits for it, or is not. */
    private static final List<String> RACY = List.of(
            "io.netty.bootstrap.AbstractBootstrap$1",
            "io.netty.bootstrap.AbstractBootstrap$PendingRegistrationPromise",
            "java.util.concurrent.CompletableFuture$UniAccept",
            "java.util.concurrent.CompletableFuture$UniExceptionally",
            "java.util.concurrent.CompletableFuture$UniHandle",
            "java.util.concurrent.CompletableFuture$UniWhenComplete");

    private final HttpServer server;

    Training(HttpServer server) {
        this.server = server;
    }

    boolean wanted() {
        return Boolean.getBoolean("holdfast.training");
    }

    void run() {
        try {
            ask("GET", "/status");
            ask("GET", "/q/health");
            ask("GET", "/q/metrics");
            ask("POST", "/drain");
            loseEveryRace();
        } catch (IOException e) {
            throw new IllegalStateException("the training run got no answers", e);
        }
    }

    /** What is loaded in some runs only, by who is first: always, so that two runs give the same archive. */
    private static void loseEveryRace() {
        CompletableFuture<String> late = new CompletableFuture<>();
        CompletableFuture<Integer> chained =
                late.thenCompose(CompletableFuture::completedFuture).thenApply(String::length);
        late.complete("");
        chained.join();
        Promise<String> promise = Promise.promise();
        promise.future().onComplete(result -> {});
        promise.future().onComplete(result -> {});
        promise.complete("");
        for (String name : RACY) {
            try {
                Class.forName(name, false, Training.class.getClassLoader());
            } catch (ClassNotFoundException e) {
                throw new IllegalStateException("another Netty: correct the list", e);
            }
        }
    }

    private void ask(String method, String path) throws IOException {
        HttpURLConnection connection = (HttpURLConnection)
                server.getLocalBaseUri().resolve(path).toURL().openConnection();
        connection.setConnectTimeout(TIMEOUT_MILLIS);
        connection.setReadTimeout(TIMEOUT_MILLIS);
        connection.setRequestMethod(method);
        connection.getResponseCode();
        connection.disconnect();
    }
}
