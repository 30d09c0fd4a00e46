package io.holdfast.flink.handoff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.TaskStateSnapshot;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.state.DirectoryStateHandle;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle.HandleAndLocalPath;
import org.apache.flink.runtime.state.IncrementalLocalKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeOffsets;
import org.apache.flink.runtime.state.KeyGroupsStateHandle;
import org.apache.flink.runtime.state.filesystem.FileStateHandle;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StateRelocationTest {

    private static final String SOURCE = "aid_1/jid_2/vtx_3_sti_0/chk_7";
    private static final OperatorID ROCKSDB = new OperatorID(1, 1);
    private static final OperatorID HEAP = new OperatorID(2, 2);
    private static final KeyGroupRange KEY_GROUPS = new KeyGroupRange(0, 3);

    @TempDir
    Path directory;

    private Path description;

    @BeforeEach
    void nameDescription() {
        description = directory.resolve("_task_state_snapshot");
    }

    @Test
    void pathsOfBothStateBackendsAreThoseOfTheNewDirectory() throws Exception {
        write(snapshot("/var/lib/flink/tm_1/localState/" + SOURCE));

        TaskStateSnapshot moved = rewritten(directory.resolve("here/chk_7"));

        IncrementalLocalKeyedStateHandle rocksDb =
                (IncrementalLocalKeyedStateHandle) moved.getSubtaskStateByOperatorID(ROCKSDB)
                        .getManagedKeyedState()
                        .iterator()
                        .next();
        assertThat(rocksDb.getDirectoryStateHandle().getDirectory()).isEqualTo(directory.resolve("here/chk_7/db-1"));
        assertThat(path(rocksDb.getMetaDataStateHandle())).isEqualTo(directory.resolve("here/chk_7/meta-1"));
        assertThat(rocksDb.getKeyGroupRange()).isEqualTo(KEY_GROUPS);
        KeyGroupsStateHandle heap = (KeyGroupsStateHandle) moved.getSubtaskStateByOperatorID(HEAP)
                .getManagedKeyedState()
                .iterator()
                .next();
        assertThat(path(heap.getDelegateStateHandle())).isEqualTo(directory.resolve("here/chk_7/heap-1"));
        assertThat(heap.getStateSize()).isEqualTo(1_000);
    }

    /** Checkpoint storage, and directories that only look alike. */
    @Test
    void pathsOfOtherFilesStayAsTheyAre() throws Exception {
        write(snapshot("/var/lib/flink/tm_1/localState/" + SOURCE));

        IncrementalLocalKeyedStateHandle rocksDb = (IncrementalLocalKeyedStateHandle) rewritten(directory)
                .getSubtaskStateByOperatorID(ROCKSDB)
                .getManagedKeyedState()
                .iterator()
                .next();

        assertThat(rocksDb.getSharedStateHandles())
                .extracting(handle ->
                        ((FileStateHandle) handle.getHandle()).getFilePath().toString())
                .containsExactly(
                        "s3://bucket/" + SOURCE + "/shared-1",
                        "file:/var/lib/flink/tm_1/localState/" + SOURCE + "1/shared-2",
                        "file:/var/lib/flink/tm_1/localState/x" + SOURCE + "/shared-3");
        assertThat(rocksDb.getSharedStateHandles())
                .extracting(HandleAndLocalPath::getLocalPath)
                .containsExactly("000001.sst", SOURCE + "/000002.sst", "000003.sst");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/a b/50%25/ü/", "/with/" + SOURCE + "/twice/"})
    void directoriesMayBeCalledAnything(String root) throws Exception {
        write(snapshot(root + SOURCE));
        Path here = directory.resolve("with space/50%25/ü/$1/chk_7");

        TaskStateSnapshot moved = rewritten(here);

        KeyGroupsStateHandle heap = (KeyGroupsStateHandle) moved.getSubtaskStateByOperatorID(HEAP)
                .getManagedKeyedState()
                .iterator()
                .next();
        assertThat(path(heap.getDelegateStateHandle())).isEqualTo(here.resolve("heap-1"));
        IncrementalLocalKeyedStateHandle rocksDb =
                (IncrementalLocalKeyedStateHandle) moved.getSubtaskStateByOperatorID(ROCKSDB)
                        .getManagedKeyedState()
                        .iterator()
                        .next();
        assertThat(rocksDb.getDirectoryStateHandle().getDirectory()).isEqualTo(here.resolve("db-1"));
    }

    /** It runs when it is read. */
    static final class Uninvited implements Serializable {
        private static boolean read;

        private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
            in.defaultReadObject();
            read = true;
        }
    }

    @Test
    void classesThatAreNotFlinksAreNotLetIn() throws Exception {
        write(new Uninvited());
        byte[] before = Files.readAllBytes(description);

        assertThatThrownBy(() -> rewrite(directory))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("REJECTED");

        assertThat(Uninvited.read).isFalse();
        assertThat(description).as("unchanged").hasBinaryContent(before);
    }

    @Test
    void classThatIsNotHereIsAnError() throws Exception {
        write(snapshot("/tm/" + SOURCE));
        byte[] content = Files.readAllBytes(description);
        replace(content, "OperatorSubtaskState", "OperatorSubtaskStatf");
        Files.write(description, content);

        assertThatThrownBy(() -> rewrite(directory))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("names a class that is not here");
    }

    // ------------------------------------------------------------------

    private static TaskStateSnapshot snapshot(String checkpoint) {
        TaskStateSnapshot snapshot = new TaskStateSnapshot();
        snapshot.putSubtaskStateByOperatorID(
                ROCKSDB,
                OperatorSubtaskState.builder()
                        .setManagedKeyedState(new IncrementalLocalKeyedStateHandle(
                                UUID.randomUUID(),
                                7,
                                new DirectoryStateHandle(Path.of(checkpoint, "db-1"), 4_000),
                                KEY_GROUPS,
                                file(Path.of(checkpoint, "meta-1")),
                                List.of(
                                        shared("s3://bucket/" + SOURCE + "/shared-1", "000001.sst"),
                                        shared(
                                                "file:/var/lib/flink/tm_1/localState/" + SOURCE + "1/shared-2",
                                                SOURCE + "/000002.sst"),
                                        shared(
                                                "file:/var/lib/flink/tm_1/localState/x" + SOURCE + "/shared-3",
                                                "000003.sst"))))
                        .build());
        snapshot.putSubtaskStateByOperatorID(
                HEAP,
                OperatorSubtaskState.builder()
                        .setManagedKeyedState(new KeyGroupsStateHandle(
                                new KeyGroupRangeOffsets(KEY_GROUPS), file(Path.of(checkpoint, "heap-1"))))
                        .build());
        return snapshot;
    }

    private static HandleAndLocalPath shared(String uri, String localPath) {
        return HandleAndLocalPath.of(new FileStateHandle(new org.apache.flink.core.fs.Path(uri), 9), localPath);
    }

    /** As Flink names local files. */
    private static FileStateHandle file(Path path) {
        return new FileStateHandle(
                new org.apache.flink.core.fs.Path(path.toFile().toURI()), 1_000);
    }

    private static Path path(Object handle) {
        return Path.of(((FileStateHandle) handle).getFilePath().getPath());
    }

    private TaskStateSnapshot rewritten(Path target) throws Exception {
        rewrite(target);
        try (ObjectInputStream in = new ObjectInputStream(Files.newInputStream(description))) {
            return (TaskStateSnapshot) in.readObject();
        }
    }

    private void rewrite(Path target) throws IOException {
        StateRelocation.rewrite(description, SOURCE, target, getClass().getClassLoader());
    }

    private void write(Object content) throws IOException {
        try (ObjectOutputStream out = new ObjectOutputStream(Files.newOutputStream(description))) {
            out.writeObject(content);
        }
    }

    private static void replace(byte[] content, String old, String by) {
        String text = new String(content, java.nio.charset.StandardCharsets.ISO_8859_1);
        byte[] replaced = text.replace(old, by).getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
        System.arraycopy(replaced, 0, content, 0, content.length);
    }
}
