package io.holdfast.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** In a directory that only looks like a hierarchy: a guard that fails must not reach a real one. */
class MemoryCgroupTest {

    @TempDir
    private Path mount;

    @BeforeEach
    void rootCgroup() throws IOException {
        Files.writeString(mount.resolve("memory.limit_in_bytes"), "9223372036854771712");
        Files.writeString(mount.resolve("cgroup.procs"), "");
        Files.createDirectories(mount.resolve("holdfast-test-a/holdfast-test-b"));
        Files.copy(
                mount.resolve("memory.limit_in_bytes"),
                mount.resolve("holdfast-test-a/holdfast-test-b/memory.limit_in_bytes"));
        Files.createDirectories(mount.resolve("system.slice"));
        Files.copy(
                mount.resolve("memory.limit_in_bytes"),
                mount.resolve("system.slice").resolve("memory.limit_in_bytes"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", ".", "..", "holdfast-test-a/..", "holdfast-test-a/holdfast-test-b", "system.slice", "/etc"})
    void whatIsNoCgroupOfOursIsNeverWrittenTo(String name) throws IOException {
        MemoryCgroup cgroup = new MemoryCgroup(mount, mount.resolve(name));

        assertThatThrownBy(() -> cgroup.limit(1 << 20))
                .isInstanceOfAny(IllegalStateException.class, java.io.UncheckedIOException.class);
        assertThatThrownBy(() -> cgroup.command(List.of("true"))).hasMessageContaining("Nothing was written.");
        assertThatThrownBy(cgroup::close).hasMessageContaining("Nothing was written.");

        assertThat(mount.resolve("memory.limit_in_bytes")).hasContent("9223372036854771712");
        assertThat(mount.resolve("system.slice/memory.limit_in_bytes")).hasContent("9223372036854771712");
        assertThat(mount.resolve("holdfast-test-a/holdfast-test-b/memory.limit_in_bytes"))
                .hasContent("9223372036854771712");
    }

    @Test
    void anEmptyPathIsNeverWrittenTo() {
        MemoryCgroup cgroup = new MemoryCgroup(mount, Path.of(""));

        assertThatThrownBy(() -> cgroup.command(List.of("true"))).hasMessageContaining("Nothing was written.");
        assertThatThrownBy(cgroup::close).hasMessageContaining("Nothing was written.");
    }

    @Test
    void theMountIsFoundByItsController() {
        assertThat(MemoryCgroup.mount("""
                        31 28 0:25 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct
                        32 28 0:26 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup2 rw,memory_recursiveprot
                        33 28 0:27 / /sys/fs/cgroup/memory rw,relatime shared:7 - cgroup cgroup rw,memory
                        """)).contains(Path.of("/sys/fs/cgroup/memory"));
        assertThat(MemoryCgroup.mount("32 28 0:26 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw"))
                .isEmpty();
        assertThat(MemoryCgroup.mount("")).isEmpty();
    }
}
