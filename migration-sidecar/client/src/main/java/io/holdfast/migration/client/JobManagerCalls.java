package io.holdfast.migration.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.holdfast.migration.client.JobManagerException.Kind;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import okhttp3.Call;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/** Calls of a JobManager's REST interface: in turn at all of its addresses, again within a budget, and what answers mean. */
final class JobManagerCalls implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final MediaType JSON_TYPE = MediaType.get("application/json");
    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);
    private static final long LONGEST_ANSWER = 16L << 20;
    private static final int LONGEST_QUOTE = 300;
    private static final Set<Integer> LATER = Set.of(408, 425, 429);

    private final OkHttpClient http;
    private final List<HttpUrl> addresses;
    private final LongSupplier nanoClock;
    private final MoveClient.Pause pause;
    private final String remedy;
    private volatile int preferred;

    /** @param remedy what helps if nobody answers, as a sentence */
    JobManagerCalls(
            OkHttpClient http, List<URI> addresses, String remedy, LongSupplier nanoClock, MoveClient.Pause pause) {
        this.http = http;
        this.addresses = addresses.stream().map(JobManagerCalls::url).toList();
        this.nanoClock = nanoClock;
        this.pause = pause;
        this.remedy = remedy;
        if (addresses.isEmpty()) {
            throw new IllegalArgumentException("jobManagers must not be empty");
        }
    }

    private static HttpUrl url(URI address) {
        HttpUrl url = HttpUrl.parse(address.toString());
        if (url == null || url.query() != null || url.fragment() != null) {
            throw new IllegalArgumentException(
                    "'%s' is no address of a JobManager; write one like http://jobs-rest:8081"
                            .formatted(url == null ? address : url.redact()));
        }
        return url;
    }

    /**
     * @param path with its query, encoded
     * @param body made anew for each try; null for none
     * @param kinds what a status means here; other refusals are {@link Kind#REFUSED}
     */
    JsonNode call(String method, String path, Supplier<String> body, Duration budget, Map<Integer, Kind> kinds)
            throws InterruptedException {
        long begin = nanoClock.getAsLong();
        Duration wait = FIRST_PAUSE;
        while (true) {
            Round round = round(method, path, body, budget, begin, kinds);
            if (round.answer != null) {
                return round.answer;
            }
            if (round.refusal != null) {
                throw round.refusal;
            }
            Duration left = left(budget, begin);
            if (left.isNegative() || left.isZero()) {
                throw new JobManagerException(
                        Kind.AWAY,
                        "No JobManager answered: %s. %s".formatted(String.join("; ", round.away), remedy),
                        round.cause);
            }
            pause.nanos(wait.compareTo(left) < 0 ? jittered(wait.toNanos()) : left.toNanos());
            wait = wait.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? wait.multipliedBy(2) : LONGEST_PAUSE;
        }
    }

    /** From half of it to all of it: not all that wait come back at once. */
    private static long jittered(long nanos) {
        return nanos / 2 + ThreadLocalRandom.current().nextLong(nanos / 2 + 1);
    }

    private Duration left(Duration budget, long begin) {
        return budget.minusNanos(nanoClock.getAsLong() - begin);
    }

    /** One try at each address. */
    private static final class Round {
        private final Set<String> away = new LinkedHashSet<>();
        private JsonNode answer;
        private JobManagerException refusal;
        private Throwable cause;
    }

    private Round round(
            String method, String path, Supplier<String> body, Duration budget, long begin, Map<Integer, Kind> kinds)
            throws InterruptedException {
        Round round = new Round();
        int first = preferred;
        for (int turn = 0; turn < addresses.size() && round.answer == null; turn++) {
            int index = (first + turn) % addresses.size();
            HttpUrl address = addresses.get(index);
            Duration left = left(budget, begin);
            if (turn > 0 && !budget.isZero() && (left.isZero() || left.isNegative())) {
                break;
            }
            Call call = http.newCall(request(method, address, path, body));
            if (!budget.isZero() && left.toMillis() < http.callTimeoutMillis()) {
                call.timeout().timeout(Math.max(1, left.toMillis()), TimeUnit.MILLISECONDS);
            }
            try (Response response = call.execute()) {
                judge(round, address, path, response, kinds);
                if (round.answer != null || round.refusal != null && round.refusal.kind() == Kind.REFUSED) {
                    preferred = index;
                    return round;
                }
            } catch (IOException e) {
                if (Thread.interrupted()) {
                    throw stopped(e);
                }
                round.away.add("%s: %s".formatted(address.redact(), reason(e)));
                round.cause = e;
            }
        }
        return round;
    }

    private static InterruptedException stopped(IOException cause) {
        InterruptedException stopped = new InterruptedException("interrupted while a JobManager was asked");
        stopped.initCause(cause);
        return stopped;
    }

    private static String reason(IOException e) {
        return e instanceof InterruptedIOException ? "no answer in time" : String.valueOf(e.getMessage());
    }

    private static Request request(String method, HttpUrl address, String path, Supplier<String> body) {
        HttpUrl.Builder url = address.newBuilder();
        if (address.pathSegments().get(address.pathSize() - 1).isEmpty()) { // a base that ends with a slash
            url.removePathSegment(address.pathSize() - 1);
        }
        String[] parts = path.substring(1).split("\\?", 2);
        url.addEncodedPathSegments(parts[0]);
        if (parts.length > 1) {
            url.encodedQuery(parts[1]);
        }
        return new Request.Builder()
                .url(url.build())
                .method(method, body == null ? null : RequestBody.create(body.get(), JSON_TYPE))
                .build();
    }

    private static void judge(Round round, HttpUrl address, String path, Response response, Map<Integer, Kind> kinds)
            throws IOException {
        int code = response.code();
        if (code / 100 == 3) {
            round.away.add("%s: HTTP %d to %s, which is not followed"
                    .formatted(address.redact(), code, response.header("Location", "nowhere")));
            return;
        }
        String text = response.peekBody(LONGEST_ANSWER).string();
        if (code / 100 == 5 || LATER.contains(code)) {
            round.away.add("%s: HTTP %d, %s".formatted(address.redact(), code, said(text)));
        } else if (code / 100 == 2) {
            JsonNode json = json(text);
            if (json == null || !json.isContainerNode()) {
                round.away.add("%s: HTTP %d without JSON".formatted(address.redact(), code));
            } else {
                round.answer = json;
            }
        } else {
            Kind kind = kinds.getOrDefault(code, Kind.REFUSED);
            round.refusal =
                    new JobManagerException(kind, sentence(kind, address, path, code, said(text)), said(text), null);
        }
    }

    private static String sentence(Kind kind, HttpUrl address, String path, int code, String said) {
        String fact = "The JobManager at %s answered %s with HTTP %d: %s".formatted(address.redact(), path, code, said);
        return switch (kind) {
            case WITHOUT_MOVES ->
                fact
                        + ". It does not know moves: put this version's holdfast-flink jar there, and start it with Holdfast.";
            case UNKNOWN_MOVE ->
                fact + ". It has forgotten the move, or is another one by now: ask for the move again.";
            case NOT_LEAVING -> fact + ". Nothing is to be done.";
            case TOO_LATE -> fact + ". Wait for its end.";
            default ->
                fact
                        + (code == 401 || code == 403
                                ? ". Let this pod use the JobManager's REST interface."
                                : ". Correct what it names.");
        };
    }

    /** Flink's own words, which are the first line of an error; or the beginning of what somebody else said. */
    private static String said(String text) {
        JsonNode json = json(text);
        List<String> errors = new ArrayList<>();
        if (json != null) {
            json.path("errors")
                    .forEach(error ->
                            errors.add(error.asText().lines().findFirst().orElse("")));
        }
        String said = errors.isEmpty() ? text.strip() : String.join(" ", errors).strip();
        String line = said.lines().findFirst().orElse("nothing");
        return line.length() <= LONGEST_QUOTE ? line : line.substring(0, LONGEST_QUOTE) + "…";
    }

    private static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            return null; // not from a JobManager
        }
    }

    @Override
    public void close() {
        http.dispatcher().executorService().shutdown();
        http.connectionPool().evictAll();
    }
}
