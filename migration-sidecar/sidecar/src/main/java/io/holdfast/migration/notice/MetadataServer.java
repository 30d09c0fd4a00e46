package io.holdfast.migration.notice;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.Proxy;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.Optional;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/** A cloud's metadata server, at an address that only this machine reaches. */
final class MetadataServer implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);
    private static final Duration CALL_TIMEOUT = Duration.ofSeconds(5);
    private static final int LONGEST_ANSWER = 1 << 20;

    private final HttpUrl base;
    private final OkHttpClient http;

    /** That it answered something else than what was asked for. */
    static final class UnexpectedStatus extends IOException {
        private static final long serialVersionUID = 1L;
        private final int code;

        UnexpectedStatus(HttpUrl url, int code) {
            super("%s answered HTTP %d".formatted(url.redact(), code));
            this.code = code;
        }

        int code() {
            return code;
        }
    }

    /** @throws IllegalArgumentException if {@code base} is no http address */
    MetadataServer(URI base) {
        this.base = HttpUrl.get(base.toString());
        this.http = new OkHttpClient.Builder()
                .connectTimeout(CONNECT_TIMEOUT)
                .callTimeout(CALL_TIMEOUT)
                .proxy(Proxy.NO_PROXY) // it would be another machine's
                .followRedirects(false)
                .build();
    }

    /** @return empty if it answered that there is nothing (404) */
    Optional<String> get(String path, Map<String, String> headers) throws IOException {
        try {
            return Optional.of(ask("GET", path, headers));
        } catch (UnexpectedStatus e) {
            if (e.code() == 404) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** @throws UnexpectedStatus if the answer is none of the 200s */
    String put(String path, Map<String, String> headers) throws IOException {
        return ask("PUT", path, headers);
    }

    private String ask(String method, String path, Map<String, String> headers) throws IOException {
        HttpUrl url = base.resolve(path);
        if (url == null) {
            throw new IllegalArgumentException("path must be one: " + path);
        }
        Request.Builder request = new Request.Builder()
                .url(url)
                .method(method, method.equals("PUT") ? RequestBody.create(new byte[0]) : null);
        headers.forEach(request::header);
        try (Response response = http.newCall(request.build()).execute()) {
            if (!response.isSuccessful()) {
                throw new UnexpectedStatus(url, response.code());
            }
            return response.peekBody(LONGEST_ANSWER).string().strip();
        }
    }

    /** @throws IOException if {@code text} is none */
    static JsonNode json(String text) throws IOException {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IOException("the metadata server answered something that is no JSON", e);
        }
    }

    /** @return empty if {@code text} is no moment as in 2026-11-26T15:00:00Z */
    static Optional<Instant> moment(String text) {
        try {
            return Optional.of(Instant.parse(text.strip()));
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        http.dispatcher().executorService().shutdown();
        http.connectionPool().evictAll();
    }
}
