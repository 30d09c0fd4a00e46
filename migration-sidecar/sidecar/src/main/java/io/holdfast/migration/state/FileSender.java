package io.holdfast.migration.state;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.net.HttpURLConnection;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends files, and parts of them, from the page cache to the socket. With a rate each answer waits for its turn; so that the
 * others need not wait long, it has at most {@link #MOST_AT_A_TIME} then.
 */
final class FileSender {
    static final long MOST_AT_A_TIME = 16L << 20;

    private static final Logger LOG = LoggerFactory.getLogger(FileSender.class);
    private static final int PARTIAL = 206;
    private static final int UNSATISFIABLE = 416;

    private final Vertx vertx;
    private final StateDirectories directories;
    private final Optional<Pacer> pacer;
    private final StateMeters meters;
    private final Reply reply;

    FileSender(Vertx vertx, StateDirectories directories, Optional<Pacer> pacer, StateMeters meters, Reply reply) {
        this.vertx = vertx;
        this.directories = directories;
        this.pacer = pacer;
        this.meters = meters;
        this.reply = reply;
    }

    /** In the thread of the connection, which it does not block. */
    void answer(HttpServerRequest request, StatePath path) {
        vertx.executeBlocking(() -> find(path), false)
                .onSuccess(file ->
                        file.ifPresentOrElse(found -> answer(request, found), () -> reply.gone(request.response())))
                .onFailure(e -> reply.failed(request.response(), path.checkpoint(), e));
    }

    private Optional<StateFile> find(StatePath path) throws Exception {
        Optional<Path> checkpoint = directories.checkpoint(path.checkpoint());
        return checkpoint.isEmpty() ? Optional.empty() : directories.file(checkpoint.get(), path.file());
    }

    private void answer(HttpServerRequest request, StateFile file) {
        HttpServerResponse response = request.response();
        Optional<ByteRange> range = ByteRange.parse(request.getHeader("Range"), file.bytes());
        if (range.isPresent() && range.get().length() == 0) {
            response.putHeader(HttpHeaders.CONTENT_RANGE, ByteRange.noneOf(file.bytes()));
            reply.problem(
                    response,
                    UNSATISFIABLE,
                    StateAnswer.REFUSED,
                    "The file has %d bytes. Ask for a range within.".formatted(file.bytes()));
        } else if (pacer.isEmpty()) {
            send(response, file, range);
        } else if (range.isEmpty() && file.bytes() > MOST_AT_A_TIME) {
            reply.problem(
                    response,
                    HttpURLConnection.HTTP_BAD_REQUEST,
                    StateAnswer.REFUSED,
                    "The file has %d bytes, and there is a rate. Ask for ranges of at most %d bytes."
                            .formatted(file.bytes(), MOST_AT_A_TIME));
        } else {
            sendInTurn(pacer.get(), response, file, range.map(part -> part.atMost(MOST_AT_A_TIME)));
        }
    }

    private void sendInTurn(Pacer turns, HttpServerResponse response, StateFile file, Optional<ByteRange> range) {
        Runnable leave =
                turns.await(range.map(ByteRange::length).orElse(file.bytes()), () -> send(response, file, range));
        response.closeHandler(closed -> leave.run());
    }

    private void send(HttpServerResponse response, StateFile file, Optional<ByteRange> range) {
        if (response.closed()) {
            meters.answered(StateAnswer.BROKEN_OFF);
            return;
        }
        response.setStatusCode(range.isPresent() ? PARTIAL : HttpURLConnection.HTTP_OK)
                .putHeader(HttpHeaders.ACCEPT_RANGES, "bytes")
                .putHeader(HttpHeaders.CONTENT_TYPE, "application/octet-stream");
        range.ifPresent(part -> response.putHeader(HttpHeaders.CONTENT_RANGE, part.of(file.bytes())));
        ByteRange part = range.orElse(new ByteRange(0, file.bytes()));
        response.sendFile(file.path().toString(), part.first(), part.length())
                .onSuccess(sent -> {
                    meters.answered(StateAnswer.SENT);
                    meters.sent(part.length());
                })
                .onFailure(e -> notSent(response, e));
    }

    private void notSent(HttpServerResponse response, Throwable reason) {
        LOG.debug("File not sent", reason);
        if (response.headWritten() || response.closed()) {
            meters.answered(StateAnswer.BROKEN_OFF);
            response.reset();
        } else { // Flink has deleted it since it was found
            response.headers().clear();
            reply.gone(response);
        }
    }
}
