package io.holdfast.agent.os;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against recorded files; {@code GiveWayIT} has a real cgroup of version 1. */
class CgroupTest {
    @TempDir
    Path directory;

    @Test
    void version1CountsPagesOfFilesAsReclaimable() throws IOException {
        write("memory.limit_in_bytes", "1073741824\n");
        write("memory.usage_in_bytes", "700000000\n");
        write("memory.stat", """
                cache 200000000
                rss 480000000
                hierarchical_memory_limit 1000000000
                total_inactive_file 120000000
                total_active_file 30000000
                """);

        CgroupMemory memory = memory(1);

        assertThat(memory).isEqualTo(new CgroupMemory(true, 1_000_000_000, 700_000_000, 150_000_000));
        assertThat(memory.limited()).isTrue();
        assertThat(memory.freeBytes()).isEqualTo(450_000_000);
    }

    @Test
    void version1WithoutALimit() throws IOException {
        write("memory.limit_in_bytes", "9223372036854771712\n");
        write("memory.usage_in_bytes", "700000000\n");
        write("memory.stat", "hierarchical_memory_limit 9223372036854771712\n");

        assertThat(memory(1)).isEqualTo(new CgroupMemory(true, CgroupMemory.UNLIMITED, 700_000_000, 0));
    }

    @Test
    void version2() throws IOException {
        write("memory.max", "1073741824\n");
        write("memory.current", "700000000\n");
        write("memory.stat", """
                anon 480000000
                file 200000000
                inactive_file 120000000
                active_file 30000000
                slab_reclaimable 5000000
                """);

        assertThat(memory(2)).isEqualTo(new CgroupMemory(true, 1073741824, 700_000_000, 155_000_000));
    }

    @Test
    void version2WithoutALimit() throws IOException {
        write("memory.max", "max\n");
        write("memory.current", "700000000\n");
        write("memory.stat", "anon 1\n");

        assertThat(memory(2).limited()).isFalse();
    }

    @Test
    void version2HasTheSmallestLimitOverItThatCanBeSeen() throws IOException {
        Path slice = Files.createDirectories(directory.resolve("pod.slice"));
        Path own = Files.createDirectories(slice.resolve("container"));
        Files.writeString(directory.resolve("memory.max"), "max\n");
        Files.writeString(slice.resolve("memory.max"), "500000000\n");
        Files.writeString(own.resolve("memory.max"), "1073741824\n");
        Files.writeString(own.resolve("memory.current"), "400000000\n");
        Files.writeString(own.resolve("memory.stat"), "anon 1\n");

        assertThat(new Cgroup(new CgroupPlace(2, "/", own.toString())).memory())
                .isEqualTo(new CgroupMemory(true, 500_000_000, 400_000_000, 0));
    }

    @Test
    void whatIsNotThereLimitsNothing() {
        assertThat(memory(1)).isEqualTo(CgroupMemory.NONE);
        assertThat(memory(2)).isEqualTo(CgroupMemory.NONE);
        assertThat(new Cgroup(CgroupPlace.NONE).memory()).isEqualTo(CgroupMemory.NONE);
        assertThat(Cgroup.of(directory.resolve("none")).memory()).isEqualTo(CgroupMemory.NONE);
    }

    @Test
    void whatCannotBeReadMayHaveALimit() throws IOException {
        write("memory.max", "twelve\n");
        assertThat(memory(2)).isEqualTo(CgroupMemory.UNREADABLE);
        Files.createDirectory(directory.resolve("cgroup")); // as little a file as one without a descriptor for it
        assertThat(Cgroup.of(directory).memory()).isEqualTo(CgroupMemory.UNREADABLE);
        Files.createDirectory(directory.resolve("memory.stat"));
        assertThat(memory(1)).isEqualTo(CgroupMemory.UNREADABLE);
    }

    private CgroupMemory memory(int version) {
        return new Cgroup(new CgroupPlace(version, "/", directory.toString())).memory();
    }

    private void write(String name, String content) throws IOException {
        Files.writeString(directory.resolve(name), content);
    }
}
