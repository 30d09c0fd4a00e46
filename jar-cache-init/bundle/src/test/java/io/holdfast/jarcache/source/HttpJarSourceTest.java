package io.holdfast.jarcache.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import mockwebserver3.SocketEffect;
import okio.Buffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Downloads from a server over real sockets, which misbehaves as servers do. */
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class HttpJarSourceTest {

    private static final int ATTEMPTS = 3;
    private static final String TAG = "\"v1\"";
    private static final byte[] JAR = bytes(300_000);

    private final MockWebServer server = new MockWebServer();
    private final HttpJarSource source = new HttpJarSource(new HttpSettings(
            Duration.ofSeconds(2), Duration.ofMillis(500), ATTEMPTS, Duration.ofMillis(1), Duration.ofMillis(20)));
    private final RecordingTransfer transfer = new RecordingTransfer();

    @TempDir
    private Path directory;

    private Path target;

    @BeforeEach
    void start() throws IOException {
        server.start();
        target = directory.resolve("x.jar.part");
    }

    @AfterEach
    void stop() {
        source.close();
        server.close();
    }

    @Test
    void allBytesCome() throws IOException {
        server.enqueue(jar(JAR).build());

        fetch();

        assertThat(Files.readAllBytes(target)).isEqualTo(JAR);
        assertThat(transfer.bytes).isEqualTo(JAR.length);
        assertThat(transfer.ofBytes).isEqualTo(JAR.length);
        assertThat(transfer.retries).isEmpty();
    }

    @Test
    void whatWasThereBeforeIsOverwritten() throws IOException {
        Files.write(target, bytes(2 * JAR.length));
        server.enqueue(jar(JAR).build());

        fetch();

        assertThat(Files.readAllBytes(target)).isEqualTo(JAR);
    }

    @Test
    void brokenOffDownloadIsContinuedWhereItBrokeOff() throws Exception {
        server.setDispatcher(new Dispatcher() {
            @Override
            public MockResponse dispatch(RecordedRequest request) {
                String range = request.getHeaders().get("Range");
                return (range == null ? brokenOff().setHeader("ETag", TAG) : restFrom(from(range))).build();
            }
        });

        fetch();

        assertThat(Files.readAllBytes(target)).isEqualTo(JAR);
        server.takeRequest();
        RecordedRequest second = server.takeRequest();
        assertThat(from(second.getHeaders().get("Range"))).isPositive().isLessThan(JAR.length);
        assertThat(second.getHeaders().get("If-Range")).isEqualTo(TAG);
        assertThat(transfer.retries).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "W/\"v1\""})
    void withoutAStrongValidatorItIsBegunAnew(String tag) throws Exception {
        MockResponse.Builder first = brokenOff();
        server.enqueue((tag.isEmpty() ? first : first.setHeader("ETag", tag)).build());
        server.enqueue(jar(JAR).build());

        fetch();

        assertThat(Files.readAllBytes(target)).isEqualTo(JAR);
        server.takeRequest();
        assertThat(server.takeRequest().getHeaders().get("Range")).isNull();
    }

    @Test
    void jarThatChangedMeanwhileIsBegunAnew() throws IOException {
        byte[] other = bytes(200_000);
        server.enqueue(brokenOff().setHeader("ETag", TAG).build());
        server.enqueue(jar(other).setHeader("ETag", "\"v2\"").build());

        fetch();

        assertThat(Files.readAllBytes(target)).isEqualTo(other);
    }

    @Test
    void anotherRangeThanAskedForIsNotAppended() throws IOException {
        server.enqueue(brokenOff().setHeader("ETag", TAG).build());
        server.enqueue(new MockResponse.Builder()
                .code(206)
                .setHeader("Content-Range", "bytes 5-9/" + JAR.length)
                .body("wrong")
                .build());
        server.enqueue(jar(JAR).build());

        fetch();

        assertThat(Files.readAllBytes(target)).isEqualTo(JAR);
    }

    @ParameterizedTest
    @CsvSource({"500, 1", "502, 1", "503, 1", "429, 1", "408, 2"}) // OkHttp itself tries again once after a 408
    void whatMayPassIsTriedAgain(int code, int times) throws IOException {
        for (int i = 0; i < times; i++) {
            server.enqueue(new MockResponse.Builder().code(code).build());
        }
        server.enqueue(jar(JAR).build());

        fetch();

        assertThat(Files.readAllBytes(target)).isEqualTo(JAR);
        assertThat(transfer.retries).singleElement().asString().contains("HTTP " + code);
    }

    @Test
    void serverThatStaysBrokenEndsAfterItsAttempts() {
        for (int i = 0; i < ATTEMPTS + 1; i++) {
            server.enqueue(new MockResponse.Builder().code(503).build());
        }

        HoldfastException failure = failure();

        assertThat(failure.disposition()).isEqualTo(Disposition.RETRYABLE);
        assertThat(failure).hasMessageContaining("HTTP 503").hasMessageContaining("Check that this machine can reach");
        assertThat(server.getRequestCount()).isEqualTo(ATTEMPTS);
    }

    @Test
    void serverThatIsNotThereEndsAfterItsAttempts() {
        URI nobody = uri();
        server.close();

        HoldfastException failure =
                catchThrowableOfType(HoldfastException.class, () -> source.fetch(nobody, target, transfer));

        assertThat(failure.disposition()).isEqualTo(Disposition.RETRYABLE);
        assertThat(transfer.retries).hasSize(ATTEMPTS - 1);
    }

    @Test
    void serverThatSaysNothingMoreIsGivenUp() {
        for (int i = 0; i < ATTEMPTS; i++) {
            server.enqueue(new MockResponse.Builder()
                    .onResponseStart(SocketEffect.Stall.INSTANCE)
                    .build());
        }

        assertThat(failure().disposition()).isEqualTo(Disposition.RETRYABLE);
    }

    @ParameterizedTest
    @ValueSource(ints = {404, 410, 401, 403})
    void whatWillNotPassEndsAtOnce(int code) {
        server.enqueue(new MockResponse.Builder().code(code).build());

        HoldfastException failure = failure();

        assertThat(failure.disposition()).isEqualTo(Disposition.FATAL);
        assertThat(failure).hasMessageContaining("HTTP " + code);
        assertThat(server.getRequestCount()).isEqualTo(1);
    }

    @Test
    void passwordsInAQueryAreNotShown() {
        server.enqueue(new MockResponse.Builder().code(404).build());

        HoldfastException failure = catchThrowableOfType(
                HoldfastException.class,
                () -> source.fetch(URI.create(server.url("/x.jar?token=secret").toString()), target, transfer));

        assertThat(failure.getMessage()).contains("/x.jar answered").doesNotContain("secret");
    }

    @Test
    void diskThatCannotBeWrittenIsNoReasonToTryAgain() {
        server.enqueue(jar(JAR).build());
        Path nowhere = directory.resolve("absent/x.jar");

        HoldfastException failure =
                catchThrowableOfType(HoldfastException.class, () -> source.fetch(uri(), nowhere, transfer));

        assertThat(failure.disposition()).isEqualTo(Disposition.FATAL);
        assertThat(failure).hasMessageContaining(nowhere.toString()).hasMessageContaining("free space");
    }

    // ------------------------------------------------------------------ vocabulary

    private void fetch() {
        source.fetch(uri(), target, transfer);
    }

    private HoldfastException failure() {
        return catchThrowableOfType(HoldfastException.class, this::fetch);
    }

    private URI uri() {
        return URI.create(server.url("/jars/x.jar").toString());
    }

    private static MockResponse.Builder jar(byte[] bytes) {
        return new MockResponse.Builder().body(new Buffer().write(bytes));
    }

    /** About half of the bytes come, and then the connection is gone. */
    private static MockResponse.Builder brokenOff() {
        return jar(JAR).onResponseBody(SocketEffect.ShutdownConnection.INSTANCE);
    }

    private static MockResponse.Builder restFrom(int from) {
        return new MockResponse.Builder()
                .code(206)
                .setHeader("ETag", TAG)
                .setHeader("Content-Range", "bytes %d-%d/%d".formatted(from, JAR.length - 1, JAR.length))
                .body(new Buffer().write(JAR, from, JAR.length - from));
    }

    private static int from(String range) {
        return Integer.parseInt(range.replaceAll("\\D", ""));
    }

    private static byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        new Random(count).nextBytes(bytes);
        return bytes;
    }

    private static final class RecordingTransfer implements Transfer {

        private final List<String> retries = new ArrayList<>();
        private long bytes;
        private long ofBytes;

        @Override
        public void at(long now, long all) {
            bytes = now;
            ofBytes = all;
        }

        @Override
        public void retry(String why) {
            retries.add(why);
        }
    }
}
