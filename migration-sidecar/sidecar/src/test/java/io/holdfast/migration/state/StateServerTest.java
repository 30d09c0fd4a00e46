package io.holdfast.migration.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.holdfast.base.HoldfastException;
import io.holdfast.migration.client.Handoff;
import io.holdfast.quarkus.ListenAddress;
import io.holdfast.testing.Eventually;
import io.holdfast.testing.LeakCheck;
import io.smallrye.config.ConfigValidationException;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Over real sockets, with files where Flink has them. */
@Timeout(60)
class StateServerTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final String ALLOCATION = "a".repeat(32);
    private static final String JOB = "b".repeat(32);
    private static final String VERTEX = "c".repeat(32);
    private static final String CHECKPOINT = "/state/%s/%s/%s/3/7".formatted(ALLOCATION, JOB, VERTEX);
    private static final int MIB = 1 << 20;

    @RegisterExtension
    final LeakCheck leakCheck =
            LeakCheck.ignoring("globalEventExecutor", "MasterPoller", "Read-Poller", "Write-Poller");

    @TempDir
    private Path volume;

    private final Recorded recorded = new Recorded();
    private final Vertx vertx = Vertx.vertx();
    private final HttpClient http = HttpClient.newHttpClient();
    private final List<StateServer> servers = new ArrayList<>();
    private Handoff handoff;

    private static final class Recorded implements StateMeters {
        private final Map<StateAnswer, Integer> answers = new ConcurrentHashMap<>();
        private final AtomicLong bytes = new AtomicLong();
        private final AtomicLong checksums = new AtomicLong();

        @Override
        public void answered(StateAnswer answer) {
            answers.merge(answer, 1, Integer::sum);
        }

        @Override
        public void sent(long count) {
            bytes.addAndGet(count);
        }

        @Override
        public void checksummed() {
            checksums.incrementAndGet();
        }
    }

    @AfterEach
    void close() throws Exception {
        servers.forEach(StateServer::close);
        vertx.close().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    @Test
    void listingHasEveryRegularFileWithItsChecksumInOrder() throws Exception {
        Path checkpoint = checkpoint(volume, 7);
        byte[] table = write(checkpoint.resolve("b0b/db/000012.sst"), 100_000);
        byte[] snapshot = write(checkpoint.resolve("_task_state_snapshot"), 10);
        write(checkpoint.resolve("a0a"), 0);
        Files.createSymbolicLink(checkpoint.resolve("link"), Path.of("/etc/passwd"));
        Files.createSymbolicLink(checkpoint.resolve("links"), Path.of("/etc"));
        serve(volume);

        HttpResponse<byte[]> answer = get(CHECKPOINT);

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type")).contains("application/json");
        assertThat(text(answer))
                .isEqualTo("{\"files\":[{\"path\":\"_task_state_snapshot\",\"bytes\":10,\"crc32c\":\"%s\"},"
                                .formatted(crc32c(snapshot))
                        + "{\"path\":\"a0a\",\"bytes\":0,\"crc32c\":\"00000000\"},"
                        + "{\"path\":\"b0b/db/000012.sst\",\"bytes\":100000,\"crc32c\":\"%s\"}]}"
                                .formatted(crc32c(table)));
        assertThat(recorded.answers).isEqualTo(Map.of(StateAnswer.LISTED, 1));
    }

    @Test
    void nextCheckpointCostsOnlyWhatIsNew() throws Exception {
        Path before = checkpoint(volume, 6);
        write(before.resolve("db/000012.sst"), 1_000);
        write(before.resolve("db/000013.sst"), 1_000);
        serve(volume);
        get(CHECKPOINT.replaceAll("7$", "6"));
        assertThat(recorded.checksums).hasValue(2);

        Path after = checkpoint(volume, 7);
        Files.createDirectories(after.resolve("other"));
        Files.createLink(after.resolve("other/000012.sst"), before.resolve("db/000012.sst"));
        write(after.resolve("other/000014.sst"), 1_000);

        assertThat(files(get(CHECKPOINT))).hasSize(2);
        assertThat(recorded.checksums).hasValue(3);
    }

    @Test
    void fileIsSentWholeAndInPartsAndThePartsAreTheWhole() throws Exception {
        byte[] table = write(checkpoint(volume, 7).resolve("d b/000012.sst"), 3 * MIB + 1);
        serve(volume);
        String path = CHECKPOINT + "/files/d%20b/000012.sst";

        HttpResponse<byte[]> whole = get(path);
        assertThat(whole.statusCode()).isEqualTo(200);
        assertThat(whole.headers().firstValue("Accept-Ranges")).contains("bytes");
        assertThat(whole.headers().firstValue("Content-Length")).contains(Integer.toString(table.length));
        assertThat(whole.body()).isEqualTo(table);

        HttpResponse<byte[]> first = get(path, "Range", "bytes=0-999999");
        HttpResponse<byte[]> resumed = get(path, "Range", "bytes=1000000-99999999");
        assertThat(first.statusCode()).isEqualTo(206);
        assertThat(first.headers().firstValue("Content-Range")).contains("bytes 0-999999/" + table.length);
        assertThat(first.body()).isEqualTo(Arrays.copyOf(table, 1_000_000));
        assertThat(resumed.statusCode()).isEqualTo(206);
        assertThat(resumed.body()).isEqualTo(Arrays.copyOfRange(table, 1_000_000, table.length));

        HttpResponse<byte[]> beyond = get(path, "Range", "bytes=%d-".formatted(table.length));
        assertThat(beyond.statusCode()).isEqualTo(416);
        assertThat(beyond.headers().firstValue("Content-Range")).contains("bytes */" + table.length);
        assertThat(recorded.answers).isEqualTo(Map.of(StateAnswer.SENT, 3, StateAnswer.REFUSED, 1));
        assertThat(recorded.bytes).hasValue(2L * table.length);
    }

    @Test
    void emptyFileIsSentToo() throws Exception {
        write(checkpoint(volume, 7).resolve("empty"), 0);
        serve(volume);

        HttpResponse<byte[]> answer = get(CHECKPOINT + "/files/empty");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEmpty();
    }

    @Test
    void nobodyIsToldAnythingWithoutTheToken() throws Exception {
        write(checkpoint(volume, 7).resolve("a"), 1);
        serve(volume);

        for (String authorization : List.of("", "Bearer", "Bearer ", "Bearer x" + handoff.token(), "Basic x")) {
            for (String path : List.of(CHECKPOINT, CHECKPOINT + "/files/a", "/none")) {
                HttpResponse<byte[]> answer = send("GET", path, "Authorization", authorization);
                assertThat(answer.statusCode()).isEqualTo(401);
                assertThat(answer.headers().firstValue("WWW-Authenticate")).contains("Bearer");
            }
        }

        assertThat(handoff.token()).matches("[A-Za-z0-9_-]{43}");
        assertThat(recorded.answers).isEqualTo(Map.of(StateAnswer.UNAUTHORIZED, 15));
        Handoff other = server(volume, "127.0.0.1:0", OptionalLong.empty()).start(List.of());
        assertThat(other.token()).isNotEqualTo(handoff.token());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CHECKPOINT/files/../../../../../../secret",
                "CHECKPOINT/files/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/secret",
                "CHECKPOINT/files/..%2f..%2f..%2f..%2f..%2fsecret",
                "CHECKPOINT/files/%252e%252e/%252e%252e/secret",
                "CHECKPOINT/files//etc/passwd",
                "CHECKPOINT/files/%2fetc%2fpasswd",
                "CHECKPOINT/files/link",
                "CHECKPOINT/files/links/passwd",
                "CHECKPOINT/files/inside",
                "CHECKPOINT/files/db",
                "CHECKPOINT/files/db/a/",
                "CHECKPOINT/files/db/a/b",
                "CHECKPOINT/files/%00",
                "CHECKPOINT/files/none",
                "CHECKPOINT/files",
                "CHECKPOINT/",
                "/state/../CHECKPOINT",
                "/state/ALLOCATION/JOB/LINKED/3/7/files/db/a",
                "/state/ALLOCATION/JOB/LINKED/3/7",
                "/state/ALLOCATION/JOB/VERTEX/3/8",
                "/state",
                "/"
            })
    void whatIsNotInTheCheckpointIsNotThere(String path) throws Exception {
        Path checkpoint = checkpoint(volume.resolve("root"), 7);
        write(checkpoint.resolve("db/a"), 1);
        write(volume.resolve("secret"), 1);
        write(volume.resolve("root/secret"), 1);
        Files.createSymbolicLink(checkpoint.resolve("link"), volume.resolve("secret"));
        Files.createSymbolicLink(checkpoint.resolve("links"), Path.of("/etc"));
        Files.createSymbolicLink(checkpoint.resolve("inside"), checkpoint.resolve("db/a"));
        String linked = "d".repeat(32);
        Path vertex = checkpoint.getParent();
        Files.createSymbolicLink(vertex.resolveSibling("vtx_" + linked + "_sti_3"), vertex);
        serve(volume.resolve("root"));

        String answer = raw(
                "GET",
                path.replace("CHECKPOINT", CHECKPOINT)
                        .replace("ALLOCATION", ALLOCATION)
                        .replace("JOB", JOB)
                        .replace("VERTEX", VERTEX)
                        .replace("LINKED", linked));

        assertThat(answer).startsWith("HTTP/1.1 404 Not Found").contains("Restore from the checkpoint storage");
        assertThat(get(CHECKPOINT + "/files/db/a").statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "DELETE", "HEAD", "OPTIONS"})
    void nothingCanBeChanged(String method) throws Exception {
        write(checkpoint(volume, 7).resolve("a"), 1);
        serve(volume);

        HttpResponse<byte[]> answer = send(method, CHECKPOINT + "/files/a", "Authorization", bearer());

        assertThat(answer.statusCode()).isEqualTo(405);
        assertThat(answer.headers().firstValue("Allow")).contains("GET");
    }

    @Test
    void stateIsFoundInEveryPlaceWhereFlinkPutsIt() throws Exception {
        Path first = volume.resolve("first");
        Path second = volume.resolve("second");
        serve(first, second); // neither is there yet
        assertThat(get(CHECKPOINT).statusCode()).isEqualTo(404);

        List<Path> roots = List.of(
                first,
                first.resolve("localState"), // the TaskManager's working directory was named
                first.resolve("localState_tm-1"), // one of execution.checkpointing.local-backup.dirs
                second.resolve("tm_tm-1/localState")); // process.taskmanager.working-dir
        for (int i = 0; i < roots.size(); i++) {
            write(checkpoint(roots.get(i), 100 + i).resolve("in-" + i), 1);
        }

        for (int i = 0; i < roots.size(); i++) {
            assertThat(files(get(CHECKPOINT.replaceAll("7$", "10" + i)))).containsExactly("in-" + i);
        }
    }

    @Test
    void directoryMayBeBehindALinkItself() throws Exception {
        write(checkpoint(volume.resolve("disk"), 7).resolve("a"), 1);
        serve(Files.createSymbolicLink(volume.resolve("mounted"), volume.resolve("disk")));

        assertThat(get(CHECKPOINT + "/files/a").statusCode()).isEqualTo(200);
    }

    @Test
    void fileThatFlinkDeletesWhileItsTurnComesIsGone() throws Exception {
        Path file = checkpoint(volume, 7).resolve("a");
        write(file, 2 * MIB);
        serve(OptionalLong.of(MIB), volume);
        assertThat(get(CHECKPOINT + "/files/a").statusCode()).isEqualTo(200); // from now on 2 s are to be waited

        CompletableFuture<HttpResponse<byte[]>> waiting = http.sendAsync(
                request("GET", CHECKPOINT + "/files/a", "Authorization", bearer(), "Range", "bytes=0-9"),
                BodyHandlers.ofByteArray());
        Path probe = checkpoint(volume, 8).resolve("none");
        assertThat(get(CHECKPOINT.replaceAll("7$", "8") + "/files/" + probe.getFileName())
                        .statusCode())
                .as("asked for after it, so it was found by now, or nearly so")
                .isEqualTo(404);
        Files.delete(file);

        HttpResponse<byte[]> answer = waiting.get();
        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.headers().firstValue("Content-Range")).isEmpty();
        assertThat(text(answer)).contains("Restore from the checkpoint storage");
    }

    @Test
    void answersHaveAtMostSixteenMebibytesWhereThereIsARate() throws Exception {
        byte[] table = write(checkpoint(volume, 7).resolve("large"), 17 * MIB);
        serve(OptionalLong.of(1L << 40), volume);

        HttpResponse<byte[]> part = get(CHECKPOINT + "/files/large", "Range", "bytes=5-");
        assertThat(part.statusCode()).isEqualTo(206);
        assertThat(part.headers().firstValue("Content-Range"))
                .contains("bytes 5-%d/%d".formatted(5 + 16 * MIB - 1, table.length));
        assertThat(part.body()).isEqualTo(Arrays.copyOfRange(table, 5, 5 + 16 * MIB));

        HttpResponse<byte[]> whole = get(CHECKPOINT + "/files/large");
        assertThat(whole.statusCode()).isEqualTo(400);
        assertThat(text(whole)).contains("Ask for ranges of at most 16777216 bytes");
    }

    @Test
    void twoAtOnceGetTheirOwn() throws Exception {
        byte[] one = write(checkpoint(volume, 7).resolve("one"), 8 * MIB);
        byte[] two = write(checkpoint(volume, 7).resolve("two"), 8 * MIB);
        serve(volume);

        List<CompletableFuture<HttpResponse<byte[]>>> answers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            for (String file : List.of("/files/one", "/files/two", "")) {
                answers.add(http.sendAsync(
                        request("GET", CHECKPOINT + file, "Authorization", bearer()), BodyHandlers.ofByteArray()));
            }
        }

        for (int i = 0; i < answers.size(); i += 3) {
            assertThat(answers.get(i).get().body()).isEqualTo(one);
            assertThat(answers.get(i + 1).get().body()).isEqualTo(two);
            assertThat(files(answers.get(i + 2).get())).containsExactly("one", "two");
        }
        assertThat(recorded.bytes).hasValue(8L * 8 * MIB);
    }

    @Test
    void whoBreaksOffIsCountedAndTheNextIsServed() throws Exception {
        write(checkpoint(volume, 7).resolve("large"), 64 * MIB);
        serve(volume);

        try (Socket socket = connect()) {
            ask(socket, "GET", CHECKPOINT + "/files/large", "close");
            assertThat(socket.getInputStream().readNBytes(1_000)).hasSize(1_000);
        }

        Eventually.until(PATIENCE, () -> assertThat(recorded.answers).isEqualTo(Map.of(StateAnswer.BROKEN_OFF, 1)));
        assertThat(recorded.bytes).hasValue(0);
        assertThat(get(CHECKPOINT + "/files/large", "Range", "bytes=0-9").body())
                .hasSize(10);
    }

    @Test
    void connectionsBeyondTheMostAreClosed() throws Exception {
        write(checkpoint(volume, 7).resolve("a"), 1);
        serve(volume);
        List<Socket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < StateServer.MOST_CONNECTIONS; i++) {
                sockets.add(connect());
            }
            ask(sockets.get(sockets.size() - 1), "GET", CHECKPOINT + "/files/a", "keep-alive");
            assertThat(sockets.get(sockets.size() - 1).getInputStream().read()).isEqualTo('H');

            try (Socket oneMore = connect()) {
                assertThat(oneMore.getInputStream().read()).isEqualTo(-1);
            }
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
        Eventually.until(
                PATIENCE,
                () -> assertThat(get(CHECKPOINT + "/files/a").statusCode()).isEqualTo(200));
    }

    @Test
    void addressThatIsTakenEndsTheStartWithTheVariable() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            StateServer server = server(volume, "127.0.0.1:" + taken.getLocalPort(), OptionalLong.empty());

            assertThatThrownBy(() -> server.start(List.of()))
                    .isInstanceOf(HoldfastException.class)
                    .hasMessageContaining("HOLDFAST_MIGRATION_STATE_LISTEN")
                    .hasMessageContaining("Address already in use")
                    .hasMessageEndingWith("Set it to another address, or end the process that listens there.");
        }
    }

    @Test
    void directoryThatIsNoneEndsTheStartWithTheVariable() throws Exception {
        Path file = Files.writeString(volume.resolve("file"), "");
        StateServer server = server(file, "127.0.0.1:0", OptionalLong.empty());

        ConfigValidationException refused =
                catchThrowableOfType(ConfigValidationException.class, () -> server.start(List.of()));

        assertThat(refused.getProblem(0).getMessage())
                .startsWith("HOLDFAST_MIGRATION_STATE_DIRECTORIES: %s is no directory".formatted(file));
    }

    private void serve(Path... directories) {
        serve(OptionalLong.empty(), directories);
    }

    private void serve(OptionalLong rate, Path... directories) {
        StateServer server = new StateServer(
                vertx,
                new StateSettings(List.of(directories), ListenAddress.parse("127.0.0.1:0"), Optional.empty(), rate),
                recorded);
        servers.add(server);
        handoff = server.start(List.of());
    }

    private StateServer server(Path directory, String listen, OptionalLong rate) {
        StateServer server = new StateServer(
                vertx,
                new StateSettings(List.of(directory), ListenAddress.parse(listen), Optional.empty(), rate),
                recorded);
        servers.add(server);
        return server;
    }

    /** As TaskExecutorLocalStateStoresManager and LocalSnapshotDirectoryProviderImpl of Flink 2.2 and 2.3 name it. */
    private static Path checkpoint(Path root, long id) throws IOException {
        return Files.createDirectories(root.resolve("aid_" + ALLOCATION)
                .resolve("jid_" + JOB)
                .resolve("vtx_" + VERTEX + "_sti_3")
                .resolve("chk_" + id));
    }

    private static byte[] write(Path file, int bytes) throws IOException {
        byte[] content = new byte[bytes];
        new Random(file.hashCode()).nextBytes(content);
        Files.createDirectories(file.getParent());
        Files.write(file, content);
        return content;
    }

    private static String crc32c(byte[] content) {
        CRC32C checksum = new CRC32C();
        checksum.update(content);
        return String.format("%08x", checksum.getValue());
    }

    private static List<String> files(HttpResponse<byte[]> listing) {
        JsonArray files = new JsonObject(text(listing)).getJsonArray("files");
        return files.stream().map(file -> ((JsonObject) file).getString("path")).toList();
    }

    private static String text(HttpResponse<byte[]> answer) {
        return new String(answer.body(), StandardCharsets.UTF_8);
    }

    private String bearer() {
        return "Bearer " + handoff.token();
    }

    private HttpResponse<byte[]> get(String path, String... headers) throws Exception {
        List<String> all = new ArrayList<>(List.of("Authorization", bearer()));
        all.addAll(List.of(headers));
        return send("GET", path, all.toArray(String[]::new));
    }

    private HttpResponse<byte[]> send(String method, String path, String... headers) throws Exception {
        return http.send(request(method, path, headers), BodyHandlers.ofByteArray());
    }

    private HttpRequest request(String method, String path, String... headers) {
        return HttpRequest.newBuilder(URI.create(handoff.url() + path))
                .method(method, BodyPublishers.noBody())
                .headers(headers)
                .build();
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket(handoff.url().getHost(), handoff.url().getPort());
        socket.setSoTimeout((int) PATIENCE.toMillis());
        return socket;
    }

    private void ask(Socket socket, String method, String path, String connection) throws IOException {
        socket.getOutputStream()
                .write("%s %s HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nConnection: %s\r\n\r\n"
                        .formatted(method, path, bearer(), connection)
                        .getBytes(StandardCharsets.UTF_8));
    }

    /** Clients tidy up paths; this one does not. */
    private String raw(String method, String path) throws IOException {
        try (Socket socket = connect()) {
            ask(socket, method, path, "close");
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
