package io.holdfast.flink.inflight;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 30, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class InFlightStoreTest {

    private static final int BLOCK = 1_000;
    private static final long MEMORY = 20_000;

    @TempDir
    Path directory;

    private InFlightStore store;

    @AfterEach
    void nothingIsLeft() throws IOException {
        store.close();
        assertThat(content(directory)).isEmpty();
    }

    @Test
    void whatFitsStaysInMemoryAndMakesNoFile() throws Exception {
        store = new InFlightStore(MEMORY, 1 << 20, List.of(directory));

        InFlightStore.Block block = put(7);

        assertThat(block.read()).isEqualTo(content(7));
        assertThat(store.memoryUsed()).isBetween((long) BLOCK, 2L * BLOCK);
        assertThat(store.diskUsed()).isZero();
        assertThat(content(directory)).isEmpty();
        block.free();
        assertThat(store.memoryUsed()).isZero();
    }

    @Test
    void oldestGoToDiskWhenMemoryIsHalfFullAndAreReadFromThere() throws Exception {
        store = new InFlightStore(MEMORY, 1 << 20, List.of(directory));

        List<InFlightStore.Block> blocks = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            InFlightStore.Block block = put(i);
            while (block == null) { // the writer is slower for a moment
                block = put(i);
            }
            blocks.add(block);
        }
        until(() -> store.memoryUsed() * 2 <= MEMORY);

        assertThat(store.diskUsed()).isGreaterThanOrEqualTo(90 * BLOCK);
        for (int i = 0; i < blocks.size(); i++) {
            assertThat(blocks.get(i).read()).as("block %d", i).isEqualTo(content(i));
        }
        blocks.forEach(InFlightStore.Block::free);
        until(() -> store.diskUsed() == 0);
        assertThat(store.memoryUsed()).isZero();
        until(() -> files().isEmpty());
    }

    @Test
    void fullStoreRefusesAndTellsWhenThereIsRoom() throws Exception {
        store = new InFlightStore(MEMORY, 0, List.of(directory));
        List<InFlightStore.Block> blocks = new ArrayList<>();
        for (InFlightStore.Block block = put(0); block != null; block = put(0)) {
            blocks.add(block);
        }
        CountDownLatch room = new CountDownLatch(1);
        store.whenRoom(BLOCK, room::countDown);
        long toldBefore = room.getCount();

        blocks.remove(0).free();
        room.await();

        assertThat(toldBefore).isEqualTo(1);
        assertThat(blocks).hasSizeBetween(15, 20);
        assertThat(store.refused()).isEqualTo(1);
        assertThat(put(1)).isNotNull();
    }

    @Test
    void diskIsBoundedToo() throws Exception {
        store = new InFlightStore(MEMORY, 10 * BLOCK, List.of(directory));
        List<InFlightStore.Block> blocks = new ArrayList<>();

        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(500);
        while (System.nanoTime() < deadline) {
            InFlightStore.Block block = put(1);
            if (block != null) {
                blocks.add(block);
            }
        }

        assertThat(store.diskUsed()).isEqualTo(10 * BLOCK);
        assertThat(store.memoryUsed()).isLessThanOrEqualTo(MEMORY);
        assertThat(blocks).hasSizeLessThan(31);
    }

    @Test
    void directoryThatCannotBeWrittenToCostsNothingButRoom() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        store = new InFlightStore(MEMORY, 1 << 20, List.of(file));
        List<InFlightStore.Block> blocks = new ArrayList<>();
        for (InFlightStore.Block block = put(0); block != null; block = put(0)) {
            blocks.add(block);
        }
        until(() -> store.failures() > 0);

        for (InFlightStore.Block block : blocks) {
            assertThat(block.read()).isEqualTo(content(0));
        }
        assertThat(store.diskUsed()).isZero();
        Files.delete(file);
    }

    @Test
    void storeWithoutMemoryKeepsNothing() {
        store = new InFlightStore(0, 1 << 20, List.of(directory));

        assertThat(put(1)).isNull();
    }

    // ------------------------------------------------------------------ what predecessors have left

    @Test
    void whatAKilledProcessHasLeftIsRemoved() throws Exception {
        Path left = Files.createDirectory(directory.resolve("holdfast-in-flight-dead"));
        Files.createFile(left.resolve("lock"));
        Files.write(left.resolve("0.log"), content(1));

        store = new InFlightStore(MEMORY, 1 << 20, List.of(directory));

        assertThat(left).doesNotExist();
    }

    @Test
    void whatALivingProcessHasIsLeftAlone() throws Exception {
        Path living = Files.createDirectory(directory.resolve("holdfast-in-flight-living"));
        try (FileChannel lock =
                FileChannel.open(living.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            lock.lock();

            store = new InFlightStore(MEMORY, 1 << 20, List.of(directory));

            assertThat(living).exists();
        }
        Files.delete(living.resolve("lock"));
        Files.delete(living);
    }

    @Test
    void whatIsNotOursIsLeftAlone() throws Exception {
        Path other = Files.createDirectory(directory.resolve("blobStore-1"));

        store = new InFlightStore(MEMORY, 1 << 20, List.of(directory, directory.resolve("missing")));

        assertThat(other).exists();
        Files.delete(other);
    }

    @Test
    void anotherStoreOfThisProcessIsLeftAlone() throws Exception {
        store = new InFlightStore(MEMORY, 1 << 20, List.of(directory));
        List<InFlightStore.Block> blocks = new ArrayList<>();
        for (int i = 0; i < 15; i++) {
            blocks.add(put(i));
        }
        until(() -> store.diskUsed() > 0);

        new InFlightStore(MEMORY, 1 << 20, List.of(directory)).close();

        assertThat(blocks.get(0).read()).isEqualTo(content(0));
        assertThat(content(directory)).hasSize(1);
    }

    // ------------------------------------------------------------------ vocabulary

    private InFlightStore.Block put(int number) {
        return store.put(ByteBuffer.wrap(content(number)));
    }

    private static byte[] content(int number) {
        byte[] content = new byte[BLOCK];
        Arrays.fill(content, (byte) number);
        return content;
    }

    private List<Path> files() {
        try {
            return content(content(directory).get(0)).stream()
                    .filter(file -> file.toString().endsWith(".log"))
                    .toList();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<Path> content(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }

    private static void until(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }
}
