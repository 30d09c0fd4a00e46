package io.holdfast.flink.handoff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class StateClientTest {

    private static final String ID = "0123456789abcdef0123456789abcdef";
    private static final String PLACE = "%s/%s/%s/3/17".formatted(ID, ID, ID);
    private static final int MIB = 1 << 20;

    @TempDir
    Path directory;

    private final Random random = new Random(11);
    private Path checkpoint;
    private Path target;
    private StateServer server;
    private StateClient client;

    @BeforeEach
    void serve() throws IOException {
        checkpoint =
                Files.createDirectories(directory.resolve("aid_%s/jid_%s/vtx_%s_sti_3/chk_17".formatted(ID, ID, ID)));
        target = directory.resolve("target");
        server = new StateServer(directory);
        client = new StateClient(server.offer(), PLACE);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void listingNamesEveryFileWithSizeAndChecksum() throws Exception {
        byte[] large = write("db/000012.sst", 3_000);
        byte[] small = write("_task_state_snapshot", 200);
        write("db/empty", 0);

        assertThat(client.list())
                .containsExactly(
                        new StateFile(Path.of("_task_state_snapshot"), 200, checksum(small)),
                        new StateFile(Path.of("db/000012.sst"), 3_000, checksum(large)),
                        new StateFile(Path.of("db/empty"), 0, 0));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 16 * MIB, 33 * MIB + 7})
    void fileIsFetchedWholeInRanges(int size) throws Exception {
        byte[] content = write("file", size);

        client.fetch(client.list().get(0), target, () -> false);

        assertThat(Files.readAllBytes(target)).isEqualTo(content);
        assertThat(ranges())
                .hasSize((size + 16 * MIB - 1) / (16 * MIB))
                .allSatisfy(range -> assertThat(bytes(range)).isLessThanOrEqualTo(16 * MIB));
    }

    @Test
    void namesAreEncoded() throws Exception {
        byte[] content = write("a b/50%25 of c:d?#[é].sst", 10);

        client.fetch(client.list().get(0), target, () -> false);

        assertThat(Files.readAllBytes(target)).isEqualTo(content);
    }

    @Test
    void answersMayBeShorterThanWasAskedFor() throws Exception {
        byte[] content = write("file", 10_000);
        server.answerAtMost(3_000);

        client.fetch(client.list().get(0), target, () -> false);

        assertThat(Files.readAllBytes(target)).isEqualTo(content);
        assertThat(ranges()).containsExactly("bytes=0-9999", "bytes=3000-9999", "bytes=6000-9999", "bytes=9000-9999");
    }

    @Test
    void whatCameBeforeTheConnectionBrokeIsNotFetchedAgain() throws Exception {
        byte[] content = write("file", 10_000);
        server.cut(2, 4_000);

        client.fetch(client.list().get(0), target, () -> false);

        assertThat(Files.readAllBytes(target)).isEqualTo(content);
        assertThat(ranges()).containsExactly("bytes=0-9999", "bytes=4000-9999", "bytes=8000-9999");
    }

    @Test
    void serverThatSendsNothingThreeTimesIsGivenUp() throws Exception {
        byte[] content = write("file", 10_000);
        StateFile file = client.list().get(0);
        server.cut(2, 0);

        client.fetch(file, target, () -> false);

        assertThat(Files.readAllBytes(target)).isEqualTo(content);
        server.cut(3, 0);
        assertThatThrownBy(() -> client.fetch(file, directory.resolve("another"), () -> false))
                .isInstanceOf(IOException.class);
        assertThat(ranges()).hasSize(3 + 3);
    }

    @Test
    void serverThatKnowsNoRangesIsGoodAsLongAsNothingBreaks() throws Exception {
        byte[] content = write("file", 17 * MIB);
        StateFile file = client.list().get(0);
        server.ignoreRanges();

        client.fetch(file, target, () -> false);

        assertThat(Files.readAllBytes(target)).isEqualTo(content);
        server.cut(1, 10);
        assertThatThrownBy(() -> client.fetch(file, directory.resolve("another"), () -> false))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("does not answer ranges");
    }

    @Test
    void moreThanWasListedIsRefused() throws Exception {
        write("file", 10_000);
        StateFile listed = client.list().get(0);
        server.ignoreRanges();

        assertThatThrownBy(() -> client.fetch(new StateFile(listed.path(), 9_000, 0), target, () -> false))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("more came than was asked for");
        assertThat(Files.size(target)).isLessThanOrEqualTo(9_000);
    }

    @Test
    void damagedContentIsRefused() throws Exception {
        write("file", 10_000);
        StateFile file = client.list().get(0);
        server.damage(9_999);

        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> client.fetch(file, target, () -> false))
                .withMessageContaining("came damaged")
                .withMessageContaining("%08x".formatted(file.crc32c()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"../x", "/etc/passwd", "db/../../x", "", "./x", ".."})
    void filesOutsideOfTheCheckpointAreRefused(String name) throws Exception {
        write("db/x", 1);
        Files.write(checkpoint.resolveSibling("x"), new byte[1]);
        server.alsoList(name);

        assertThatThrownBy(() -> client.list())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("must be below its checkpoint's directory");
    }

    @Test
    void checkpointThatIsNotThereIsSaidToBeSo() throws Exception {
        write("file", 10);
        StateFile file = client.list().get(0);
        StateFile other = new StateFile(Path.of("other"), 10, 0);

        assertThatThrownBy(() -> new StateClient(server.offer(), PLACE + "8").list())
                .isInstanceOf(FileNotFoundException.class);
        assertThatThrownBy(() -> client.fetch(other, target, () -> false)).isInstanceOf(FileNotFoundException.class);
        Files.delete(checkpoint.resolve("file")); // a newer checkpoint has replaced it
        assertThatThrownBy(() -> client.fetch(file, directory.resolve("another"), () -> false))
                .isInstanceOf(FileNotFoundException.class);
        assertThat(ranges()).as("not asked for again").hasSize(2);
    }

    @Test
    void wrongTokenIsNotTriedAgainAndNotShown() throws Exception {
        write("file", 10);
        StateOffer wrong = new StateOffer(server.offer().url(), "another-token");

        assertThatThrownBy(() -> new StateClient(wrong, PLACE).list())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("401")
                .hasMessageNotContaining("another-token");
        assertThat(server.requests()).hasSize(1);
        assertThat(wrong.toString()).doesNotContain("another-token");
    }

    @ParameterizedTest
    @ValueSource(ints = {302, 403, 416, 500, 503})
    void otherAnswersAreErrors(int status) throws Exception {
        write("file", 10);
        StateFile file = client.list().get(0);
        server.answer(status);

        assertThatThrownBy(() -> client.list())
                .isInstanceOf(IOException.class)
                .isNotInstanceOf(FileNotFoundException.class)
                .hasMessageContaining(String.valueOf(status));
        assertThatThrownBy(() -> client.fetch(file, target, () -> false))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(String.valueOf(status));
    }

    @Test
    void cancelEndsAFetchThatIsUnderWay() throws Exception {
        write("file", 40 * MIB);
        StateFile file = client.list().get(0);

        assertThatThrownBy(() -> client.fetch(file, target, () -> Files.exists(target) && size() >= 17 * MIB))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cancelled");
        assertThat(ranges()).as("nothing is asked for any more").hasSize(2);
    }

    @Test
    void serverThatIsGoneIsAnError() throws Exception {
        write("file", 10);
        StateFile file = client.list().get(0);
        server.close();

        assertThatThrownBy(() -> client.list()).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> client.fetch(file, target, () -> false)).isInstanceOf(IOException.class);
    }

    private long size() {
        try {
            return Files.size(target);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private List<String> ranges() {
        return server.requests().stream()
                .filter(request -> request.contains(" "))
                .map(request -> request.substring(request.lastIndexOf(' ') + 1))
                .toList();
    }

    private static long bytes(String range) {
        String[] ends = range.substring("bytes=".length()).split("-");
        return Long.parseLong(ends[1]) - Long.parseLong(ends[0]) + 1;
    }

    private byte[] write(String name, int size) throws IOException {
        byte[] content = new byte[size];
        random.nextBytes(content);
        Path file = checkpoint.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, content);
        return content;
    }

    private static int checksum(byte[] content) {
        CRC32C checksum = new CRC32C();
        checksum.update(content);
        return (int) checksum.getValue();
    }
}
