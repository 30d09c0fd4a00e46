package io.holdfast.resize.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.testing.Eventually;
import io.holdfast.testing.LeakCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class CgroupMemoryTest {
    private static final Path RECORDED = Path.of("src/test/resources/cgroup");
    private static final Path V1 = Path.of("/sys/fs/cgroup/memory");

    @RegisterExtension
    final LeakCheck leakCheck = LeakCheck.ignoring("FileSystemWatchService");

    @TempDir
    private Path directory;

    @Test
    void version2IsReadFromItsFiles() throws IOException {
        CgroupMemory memory = CgroupMemory.in(RECORDED.resolve("v2")).orElseThrow();

        assertThat(memory.version()).isEqualTo(2);
        assertThat(memory.limitBytes()).hasValue(2147483648L);
        assertThat(memory.usageBytes()).isEqualTo(1325400064L);
        assertThat(memory.reclaimableBytes()).isEqualTo(409866240L);
    }

    @Test
    void version1IsReadFromItsFiles() throws IOException {
        CgroupMemory memory = CgroupMemory.in(RECORDED.resolve("v1")).orElseThrow();

        assertThat(memory.version()).isEqualTo(1);
        assertThat(memory.limitBytes()).hasValue(1073741824L);
        assertThat(memory.usageBytes()).isEqualTo(734003200L);
        assertThat(memory.reclaimableBytes()).isEqualTo(201326592L);
    }

    @Test
    void noLimitIsNone() throws IOException {
        Files.writeString(directory.resolve("memory.max"), "max\n");
        assertThat(CgroupMemory.in(directory).orElseThrow().limitBytes()).isEqualTo(OptionalLong.empty());

        Files.delete(directory.resolve("memory.max"));
        Files.writeString(directory.resolve("memory.limit_in_bytes"), "9223372036854771712\n");
        assertThat(CgroupMemory.in(directory).orElseThrow().limitBytes()).isEqualTo(OptionalLong.empty());
    }

    @Test
    void otherDirectoriesAreNone() {
        assertThat(CgroupMemory.in(directory)).isEqualTo(Optional.empty());
    }

    @Test
    void kernelTellsOfALimitThatIsWritten() throws IOException {
        Assumptions.assumeTrue(
                Files.isWritable(V1) && Files.exists(V1.resolve("cgroup.procs")),
                "needs a writable memory controller, version 1, and root");
        Path cgroup = Files.createDirectory(
                V1.resolve("holdfast-test-" + ProcessHandle.current().pid()));
        AtomicInteger calls = new AtomicInteger();
        try (ContainerMemory memory =
                new ContainerMemory(Optional.of(cgroup), Path.of("/proc"), System::nanoTime, calls::incrementAndGet)) {
            assertThat(memory.look().orElseThrow().limitBytes()).isEmpty();

            Files.writeString(cgroup.resolve("memory.limit_in_bytes"), "1073741824");

            Eventually.until(
                    Duration.ofSeconds(5), () -> assertThat(calls.get()).isPositive());
            assertThat(memory.look().orElseThrow().limitBytes()).hasValue(1073741824L);
            assertThat(memory.memory().orElseThrow().reclaimFile()).isPresent();

            Files.delete(cgroup);
            assertThat(memory.look()).isEmpty();
        } finally {
            Files.deleteIfExists(cgroup);
        }
    }

    @Test
    void taskManagerIsFoundAmongTheProcesses() throws IOException {
        Path process = Files.createDirectories(directory.resolve("42"));
        Files.createDirectories(directory.resolve("7"));
        Files.writeString(directory.resolve("7/cmdline"), "java\0-cp\0x\0org.example.Main\0");
        Files.writeString(
                process.resolve("cmdline"),
                "java\0-Xmx1g\0org.apache.flink.runtime.taskexecutor.TaskManagerRunner\0-D\0a=b\0");
        Files.writeString(
                process.resolve("status"),
                "Name:\tjava\nUid:\t9999\t9998\t9999\t9999\nGid:\t1\t2\t3\t4\nNSpid:\t42\t1\nSigCgt:\t0000000181005ccf\n");
        Path root = Files.createDirectories(process.resolve("root/sys/fs/cgroup/memory"));
        Files.writeString(root.resolve("memory.limit_in_bytes"), "1048576");

        TaskManagerProcess found = TaskManagerProcess.find(directory).orElseThrow();

        assertThat(found).isEqualTo(new TaskManagerProcess(42, 1, 9998, 2, true, process.resolve("root")));
        assertThat(found.memory().orElseThrow().version()).isEqualTo(1);
    }

    @Test
    void processThatWouldDieOfASignalIsKnown() throws IOException {
        Path process = Files.createDirectories(directory.resolve("42"));
        Files.writeString(process.resolve("status"), "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nSigCgt:\t0000000000000002\n");

        assertThat(TaskManagerProcess.of(directory, 42).catchesQuit()).isFalse();
    }
}
