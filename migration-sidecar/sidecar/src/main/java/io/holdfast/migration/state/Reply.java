package io.holdfast.migration.state;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.net.HttpURLConnection;
import java.nio.file.AccessDeniedException;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers that carry no file, each counted. For the thread of the connection. */
final class Reply {
    private static final Logger LOG = LoggerFactory.getLogger(Reply.class);
    private static final String JSON = "application/json";

    private final StateMeters meters;
    private final AtomicReference<String> lastFailure = new AtomicReference<>("");

    Reply(StateMeters meters) {
        this.meters = meters;
    }

    void json(HttpServerResponse response, byte[] body, StateAnswer answer) {
        send(response, Buffer.buffer(body), answer);
    }

    void problem(HttpServerResponse response, int status, StateAnswer answer, String message) {
        send(
                response.setStatusCode(status),
                new JsonObject().put("message", message).toBuffer(),
                answer);
    }

    /** It is not there, or was deleted by Flink. */
    void gone(HttpServerResponse response) {
        problem(
                response,
                HttpURLConnection.HTTP_NOT_FOUND,
                StateAnswer.NOT_FOUND,
                "Not here, or not any more. Restore from the checkpoint storage.");
    }

    /** It is there, and cannot be read. That is told first, and when it is another reason. */
    void failed(HttpServerResponse response, CheckpointId checkpoint, Throwable reason) {
        if (!reason.toString().equals(lastFailure.getAndSet(reason.toString()))) {
            LOG.warn(
                    "State not read: {} reason={}. {}. It is restored from the checkpoint storage",
                    checkpoint,
                    reason,
                    reason instanceof AccessDeniedException
                            ? "Run the sidecar as the user that Flink runs as"
                            : "Check the volume that it is on");
        }
        problem(
                response,
                HttpURLConnection.HTTP_INTERNAL_ERROR,
                StateAnswer.FAILED,
                "Not read; the sidecar's log says why. Restore from the checkpoint storage.");
    }

    private void send(HttpServerResponse response, Buffer body, StateAnswer answer) {
        if (response.closed()) {
            meters.answered(StateAnswer.BROKEN_OFF);
            return;
        }
        meters.answered(answer);
        response.putHeader(HttpHeaders.CONTENT_TYPE, JSON)
                .end(body)
                .onFailure(e -> LOG.debug("Answer not sent: who asked is gone", e));
    }
}
