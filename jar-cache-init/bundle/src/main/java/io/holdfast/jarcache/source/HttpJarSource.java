package io.holdfast.jarcache.source;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;

/**
 * {@code http:} and {@code https:} URIs. What breaks off is continued where it broke off, if the server names the version
 * of what it serves and can serve ranges of it (RFC 9110, sections 13.1.5 and 14); else it is begun anew.
 */
final class HttpJarSource implements JarSource {

    private static final int TOO_MANY_REQUESTS = 429;
    private static final int REQUEST_TIMEOUT = 408;
    private static final int RANGE_NOT_SATISFIABLE = 416;
    private static final int BUFFER_BYTES = 1 << 16;
    private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d+)-\\d+/(\\d+|\\*)");

    private final OkHttpClient client;
    private final HttpSettings settings;

    HttpJarSource(HttpSettings settings) {
        this.settings = settings;
        client = new OkHttpClient.Builder()
                .connectTimeout(settings.connectTimeout())
                .readTimeout(settings.readTimeout())
                .build();
    }

    /** What went wrong in one attempt, when another one may help; {@code waitFor} is what the server asked for. */
    private static final class Broken extends Exception {
        private static final long serialVersionUID = 1L;
        private final Duration waitFor;

        Broken(String what, Duration waitFor, Throwable cause) {
            super(what, cause);
            this.waitFor = waitFor;
        }
    }

    /** How far a download is. */
    private static final class Progress {
        private long bytes;
        private long ofBytes = -1;
        private String validator;

        void restart() {
            bytes = 0;
            ofBytes = -1;
            validator = null;
        }
    }

    @Override
    public void fetch(URI jar, Path target, Transfer transfer) {
        HttpUrl url = HttpUrl.get(jar.toString());
        Progress progress = new Progress();
        for (int attempt = 1; ; attempt++) {
            long before = progress.bytes;
            try {
                attempt(url, target, progress, transfer);
                return;
            } catch (Broken e) {
                if (Thread.currentThread().isInterrupted()) {
                    throw failed(url, "the download was interrupted", e);
                }
                if (progress.bytes > before) {
                    attempt = 1; // it moves on: a slow line is no reason to give up
                } else if (attempt >= settings.attempts()) {
                    throw failed(url, e.getMessage(), e);
                }
                transfer.retry("%s: %s".formatted(shown(url), e.getMessage()));
                pause(url, attempt, e.waitFor);
            }
        }
    }

    private void attempt(HttpUrl url, Path target, Progress progress, Transfer transfer) throws Broken {
        Request.Builder request = new Request.Builder().url(url).header("Accept-Encoding", "identity");
        if (progress.bytes > 0 && progress.validator != null) {
            request.header("Range", "bytes=" + progress.bytes + "-").header("If-Range", progress.validator);
        }
        try (Response response = client.newCall(request.build()).execute()) {
            boolean resumed = accept(url, response, progress);
            if (!resumed) {
                progress.restart();
            }
            progress.validator = validator(response);
            long length = response.body().contentLength();
            progress.ofBytes = length < 0 ? -1 : progress.bytes + length;
            write(response.body().byteStream(), target, progress, transfer);
        } catch (IOException e) {
            throw new Broken(reason(e), Duration.ZERO, e);
        }
        if (progress.ofBytes >= 0 && progress.bytes != progress.ofBytes) {
            throw new Broken("%d of %d bytes came".formatted(progress.bytes, progress.ofBytes), Duration.ZERO, null);
        }
    }

    /** Whether the answer continues what is there. */
    private static boolean accept(HttpUrl url, Response response, Progress progress) throws Broken {
        int code = response.code();
        if (code == 206) {
            Matcher range = CONTENT_RANGE.matcher(response.header("Content-Range", ""));
            if (range.matches() && Long.parseLong(range.group(1)) == progress.bytes) {
                return true;
            }
            progress.restart();
            throw new Broken("another range came than was asked for", Duration.ZERO, null);
        }
        if (code == RANGE_NOT_SATISFIABLE && progress.bytes > 0) {
            progress.restart();
            throw new Broken("what was there has changed", Duration.ZERO, null);
        }
        if (code == 200) {
            return false;
        }
        String answer = "%s answered HTTP %d".formatted(shown(url), code);
        if (code >= 500 || code == TOO_MANY_REQUESTS || code == REQUEST_TIMEOUT) {
            throw new Broken("HTTP " + code, retryAfter(response), null);
        }
        if (code == 401 || code == 403) {
            throw new HoldfastException(
                    Disposition.FATAL, answer, "Let this machine read the jar there without a password, or mirror it");
        }
        throw new HoldfastException(
                Disposition.FATAL, answer, "Correct the source of this jar, or publish the jar there");
    }

    /** Only a validator that is strong says that all bytes are the same. */
    private static String validator(Response response) {
        String tag = response.header("ETag");
        return tag != null && tag.startsWith("\"") ? tag : null;
    }

    private static Duration retryAfter(Response response) {
        String seconds = response.header("Retry-After", "");
        return seconds.matches("\\d{1,6}") ? Duration.ofSeconds(Long.parseLong(seconds)) : Duration.ZERO;
    }

    private static void write(InputStream in, Path target, Progress progress, Transfer transfer)
            throws IOException, Broken {
        byte[] buffer = new byte[BUFFER_BYTES];
        try (OutputStream out = open(target, progress.bytes > 0)) {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                put(out, buffer, read, target);
                progress.bytes += read;
                transfer.at(progress.bytes, progress.ofBytes);
            }
        }
    }

    private static OutputStream open(Path target, boolean append) {
        try {
            return append
                    ? Files.newOutputStream(target, StandardOpenOption.WRITE, StandardOpenOption.APPEND)
                    : Files.newOutputStream(target);
        } catch (IOException e) {
            throw cannotWrite(target, e);
        }
    }

    private static void put(OutputStream out, byte[] bytes, int count, Path target) {
        try {
            out.write(bytes, 0, count);
        } catch (IOException e) {
            throw cannotWrite(target, e);
        }
    }

    static HoldfastException cannotWrite(Path target, IOException e) {
        return new HoldfastException(
                Disposition.FATAL,
                "Cannot write %s: %s".formatted(target, e.getMessage()),
                "Check free space and permissions there",
                e);
    }

    /** Without what may be secret: a password, and what a query says. */
    private static HttpUrl shown(HttpUrl url) {
        return url.newBuilder()
                .username("")
                .password("")
                .query(null)
                .fragment(null)
                .build();
    }

    private static String reason(IOException e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    private static HoldfastException failed(HttpUrl url, String why, Exception cause) {
        return new HoldfastException(
                Disposition.RETRYABLE,
                "%s cannot be fetched: %s".formatted(shown(url), why),
                "Check that this machine can reach " + url.host() + ", and that the server there works",
                cause);
    }

    /** Doubles from attempt to attempt, with jitter, so that a hundred pods do not come back at once. */
    private void pause(HttpUrl url, int attempt, Duration asked) {
        long nanos = settings.firstPause().toNanos() << Math.min(attempt - 1, 5);
        long jittered = nanos / 2 + ThreadLocalRandom.current().nextLong(nanos / 2 + 1);
        long most = settings.longestPause().toNanos();
        try {
            TimeUnit.NANOSECONDS.sleep(Math.min(most, Math.max(jittered, asked.toNanos())));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failed(url, "the download was interrupted", e);
        }
    }

    @Override
    public void close() {
        client.dispatcher().executorService().shutdown();
        client.connectionPool().evictAll();
    }
}
