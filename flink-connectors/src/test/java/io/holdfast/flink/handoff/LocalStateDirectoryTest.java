package io.holdfast.flink.handoff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.checkpoint.TaskStateSnapshot;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.state.LocalSnapshotDirectoryProvider;
import org.apache.flink.runtime.state.LocalSnapshotDirectoryProviderImpl;
import org.apache.flink.runtime.state.TaskLocalStateStoreImpl;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalStateDirectoryTest {

    private static final String SOURCE = "aid_1/jid_2/vtx_3_sti_0/chk_7";
    private static final String DESCRIPTION = TaskLocalStateStoreImpl.TASK_STATE_SNAPSHOT_FILENAME;

    @TempDir
    Path directory;

    private LocalSnapshotDirectoryProvider provider;
    private LocalStateDirectory local;

    @BeforeEach
    void openDirectory() throws IOException {
        provider = new LocalSnapshotDirectoryProviderImpl(
                new File[] {
                    directory.resolve("one/aid_9").toFile(),
                    directory.resolve("two/aid_9").toFile()
                },
                new JobID(),
                new JobVertexID(),
                0);
        local = new LocalStateDirectory(provider, "move");
        local.open();
    }

    @Test
    void fileThatIsStagedIsLinkedIntoItsPlace() throws Exception {
        StateFile sst = staged("db/000012.sst", "sorted".getBytes());
        List<StateFile> files = List.of(staged(DESCRIPTION, description()), sst);
        Object inode = inode(onlyFile("000012.sst"));

        place(7, files);

        Path placed = checkpoint(7).resolve("db/000012.sst");
        assertThat(placed).hasContent("sorted");
        assertThat(inode(placed)).as("not copied").isEqualTo(inode);
        assertNoneStaged();
    }

    @Test
    void fileOfAnEarlierCheckpointIsNotWantedAgain() throws Exception {
        StateFile earlier = staged("db-1/000012.sst", "sorted".getBytes());

        StateFile same = new StateFile(Path.of("db-2/000012.sst"), earlier.bytes(), earlier.crc32c());
        assertThat(local.isStaged(same)).as("in another directory").isTrue();
        assertThat(local.isStaged(new StateFile(Path.of("db-2/000012.sst"), earlier.bytes(), earlier.crc32c() + 1)))
                .isFalse();
        assertThat(local.isStaged(new StateFile(Path.of("db-2/000012.sst"), earlier.bytes() + 1, earlier.crc32c())))
                .isFalse();
        assertThat(local.isStaged(new StateFile(Path.of("db-2/000013.sst"), earlier.bytes(), earlier.crc32c())))
                .isFalse();
    }

    @Test
    void equalFilesOfOneCheckpointAreAllPlaced() throws Exception {
        List<StateFile> files = List.of(
                staged(DESCRIPTION, description()),
                staged("db-1/CURRENT", "MANIFEST-4".getBytes()),
                staged("db-2/CURRENT", "MANIFEST-4".getBytes()));

        place(7, files);

        assertThat(checkpoint(7).resolve("db-1/CURRENT")).hasContent("MANIFEST-4");
        assertThat(checkpoint(7).resolve("db-2/CURRENT")).hasContent("MANIFEST-4");
    }

    @Test
    void checkpointGoesToTheRootWhereFlinkLooks() throws Exception {
        place(7, List.of(staged(DESCRIPTION, description())));
        local.open();
        place(8, List.of(staged(DESCRIPTION, description())));

        assertThat(checkpoint(7).resolve(DESCRIPTION)).exists();
        assertThat(checkpoint(8).resolve(DESCRIPTION)).exists();
        assertThat(checkpoint(7).getParent()).isNotEqualTo(checkpoint(8).getParent());
    }

    @Test
    void whatIsNotCompleteIsNotPlaced() throws Exception {
        List<StateFile> files = List.of(
                staged(DESCRIPTION, description()),
                staged("db/a", "a".getBytes()),
                new StateFile(Path.of("db/never-staged"), 1, 1));

        assertThatThrownBy(() -> place(7, files)).isInstanceOf(IOException.class);

        assertNothingIsLeft();
    }

    @Test
    void descriptionThatCannotBeReadIsNotPlaced() throws Exception {
        List<StateFile> files = List.of(staged(DESCRIPTION, "no object".getBytes()));

        assertThatThrownBy(() -> place(7, files)).isInstanceOf(IOException.class);

        assertNothingIsLeft();
    }

    @Test
    void stateWithoutDescriptionIsRefused() throws Exception {
        List<StateFile> files = List.of(staged("db/a", "a".getBytes()));

        assertThatThrownBy(() -> place(7, files))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("No description of the state is among the files of checkpoint 7");
        assertNothingIsLeft();
        local.open();
        assertThatThrownBy(() -> place(7, List.of())).isInstanceOf(IOException.class);
        assertNothingIsLeft();
    }

    @Test
    void leftoversOfAnEarlierAttemptAreRemoved() throws Exception {
        Path target = checkpoint(7);
        write(target.resolve("db/old.sst"), "old");
        StateFile file = new StateFile(Path.of("db/new.sst"), 3, 1);
        write(local.incoming(file), "half");
        assertThat(local.incoming(file)).as("nothing is there").doesNotExist();
        write(new LocalStateDirectory(provider, "move").incoming(file), "half");

        place(7, List.of(staged(DESCRIPTION, description()), staged("db/new.sst", "new".getBytes())));

        assertThat(filesBelow(provider.subtaskBaseDirectory(7).toPath()))
                .containsExactlyInAnyOrder(target.resolve("db/new.sst"), target.resolve(DESCRIPTION));
        assertNoneStaged();
    }

    /** One that was cancelled, and does not know it yet, and the next. */
    @Test
    void twoThatFetchTheSameFileDoNotMixThem() throws Exception {
        LocalStateDirectory other = new LocalStateDirectory(provider, "move");
        other.open();
        StateFile file = new StateFile(Path.of("db/a"), 5, 1);
        Path mine = local.incoming(file);
        Files.writeString(mine, "whole");
        Files.writeString(other.incoming(file), "ha");

        local.stage(file, mine);

        assertThat(onlyFile(file.key())).hasContent("whole");
    }

    /** One that was cancelled may end, and clear up behind itself, when the next has begun. */
    @Test
    void whoClearsUpLeavesTheNextMoveAlone() throws Exception {
        StateFile file = staged("db/a", "a".getBytes());
        LocalStateDirectory cancelled = new LocalStateDirectory(provider, "cancelled");

        cancelled.discard();

        assertThat(local.isStaged(file)).isTrue();
    }

    @Test
    void whatAnEarlierMoveHasFetchedInVainIsRemoved() throws Exception {
        LocalStateDirectory next = new LocalStateDirectory(provider, "next");
        StateFile file = staged("db/a", "a".getBytes());

        next.open();

        assertThat(local.isStaged(file)).isFalse();
        assertThat(next.isStaged(file)).isFalse();
    }

    @Test
    void discardForgetsEverything() throws Exception {
        StateFile file = staged("db/a", "a".getBytes());

        local.discard();
        local.discard();

        assertThat(local.isStaged(file)).isFalse();
        assertNothingIsLeft();
    }

    @Test
    void roomIsThatOfTheFileSystem() throws Exception {
        assertThat(local.usableBytes())
                .isBetween(1L, Files.getFileStore(directory).getTotalSpace());
    }

    // ------------------------------------------------------------------

    private void place(long checkpoint, List<StateFile> files) throws IOException {
        local.place(checkpoint, files, SOURCE, getClass().getClassLoader());
    }

    private Path checkpoint(long id) {
        return provider.subtaskSpecificCheckpointDirectory(id).toPath();
    }

    private StateFile staged(String name, byte[] content) throws IOException {
        CRC32C checksum = new CRC32C();
        checksum.update(content);
        StateFile file = new StateFile(Path.of(name), content.length, (int) checksum.getValue());
        Path incoming = local.incoming(file);
        Files.write(incoming, content);
        local.stage(file, incoming);
        assertThat(local.isStaged(file)).isTrue();
        return file;
    }

    private byte[] description() throws IOException {
        Path file = directory.resolve("description");
        try (ObjectOutputStream out = new ObjectOutputStream(Files.newOutputStream(file))) {
            out.writeObject(new TaskStateSnapshot());
        }
        return Files.readAllBytes(file);
    }

    private Path onlyFile(String suffix) throws IOException {
        List<Path> found = filesBelow(directory).stream()
                .filter(file -> file.toString().endsWith(suffix))
                .toList();
        assertThat(found).hasSize(1);
        return found.get(0);
    }

    private void assertNoneStaged() throws IOException {
        assertThat(filesBelow(directory)).noneMatch(file -> file.toString().contains("staged"));
    }

    private void assertNothingIsLeft() throws IOException {
        for (int i = 0; i < provider.allocationBaseDirsCount(); i++) {
            assertThat(filesBelow(provider.selectAllocationBaseDirectory(i).toPath()))
                    .isEmpty();
        }
        assertThat(checkpoint(7)).doesNotExist();
    }

    private static List<Path> filesBelow(Path path) throws IOException {
        if (!Files.exists(path)) {
            return new ArrayList<>();
        }
        try (Stream<Path> files = Files.walk(path)) {
            return files.filter(Files::isRegularFile).toList();
        }
    }

    private static void write(Path file, String content) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
    }

    private static Object inode(Path file) throws IOException {
        return Files.getAttribute(file, "unix:ino");
    }
}
