package io.holdfast.guard.jobmanager;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import okhttp3.Call;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;

/** What a JobManager lists: its moves, and how full its TaskManagers are. Thread-safe. */
final class Listing {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int SERVER_ERROR = 500;

    private final OkHttpClient http;

    Listing(OkHttpClient http) {
        this.http = http;
    }

    /** Nobody answers as a JobManager does. */
    static final class AwayException extends Exception {
        private static final long serialVersionUID = 1L;

        AwayException(String message) {
            super(message);
        }
    }

    /** It answers, and does not list that. */
    static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1L;

        RefusedException(String message) {
            super(message);
        }
    }

    /** All that are remembered. */
    List<ListedMove> moves(List<URI> jobManagers, Duration budget) throws AwayException, RefusedException {
        return ListedMove.of(get(jobManagers, "/holdfast/moves", budget));
    }

    /** Whether all slots of a TaskManager are free. */
    boolean idle(List<URI> jobManagers, String taskManager, Duration budget) throws AwayException, RefusedException {
        for (JsonNode one : get(jobManagers, "/taskmanagers", budget).path("taskmanagers")) {
            if (one.path("id").asText().equals(taskManager)) {
                return one.path("freeSlots").asInt(-1)
                        == one.path("slotsNumber").asInt(-2);
            }
        }
        return true;
    }

    private JsonNode get(List<URI> jobManagers, String path, Duration budget) throws AwayException, RefusedException {
        long deadline = System.nanoTime() + budget.toNanos();
        List<String> away = new ArrayList<>();
        for (URI address : jobManagers) {
            String url = address.toString().replaceAll("/+$", "") + path;
            Call call = http.newCall(new Request.Builder().url(url).build());
            call.timeout()
                    .timeout(
                            Math.max(1, TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime())),
                            TimeUnit.MILLISECONDS);
            try (Response response = call.execute()) {
                int code = response.code();
                if (code == HttpURLConnection.HTTP_OK) {
                    return JSON.readTree(response.body().string());
                }
                if (code >= HttpURLConnection.HTTP_BAD_REQUEST && code < SERVER_ERROR) {
                    throw new RefusedException("The JobManager at %s answered %s with HTTP %d%s"
                            .formatted(
                                    address,
                                    path,
                                    code,
                                    code == HttpURLConnection.HTTP_NOT_FOUND
                                            ? ": it runs without Holdfast, or with an older one"
                                            : ""));
                }
                away.add("%s: HTTP %d".formatted(address, code));
            } catch (IOException e) {
                away.add("%s: %s"
                        .formatted(
                                address, e instanceof InterruptedIOException ? "no answer in time" : e.getMessage()));
            }
        }
        throw new AwayException(String.join("; ", away));
    }
}
