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

        assertThat(memory).isEqualTo(new CgroupMemory(1_000_000_000, 700_000_000, 150_000_000));
        assertThat(memory.limited()).isTrue();
        assertThat(memory.freeBytes()).isEqualTo(450_000_000);
    }

    @Test
    void version1WithoutALimit() throws IOException {
        write("memory.limit_in_bytes", "9223372036854771712\n");
        write("memory.usage_in_bytes", "700000000\n");
        write("memory.stat", "hierarchical_memory_limit 9223372036854771712\n");

        assertThat(memory(1)).isEqualTo(new CgroupMemory(CgroupMemory.UNLIMITED, 700_000_000, 0));
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

        assertThat(memory(2)).isEqualTo(new CgroupMemory(1073741824, 700_000_000, 155_000_000));
    }

    @Test
    void version2WithoutALimit() throws IOException {
        write("memory.max", "max\n");
        write("memory.current", "700000000\n");
        write("memory.stat", "anon 1\n");

        assertThat(memory(2).limited()).isFalse();
    }

    @Test
    void whatCannotBeReadIsUnknownAndNoReasonToFail() throws IOException {
        assertThat(memory(1)).isEqualTo(CgroupMemory.UNKNOWN);
        assertThat(memory(2)).isEqualTo(CgroupMemory.UNKNOWN);
        write("memory.max", "twelve\n");
        assertThat(memory(2)).isEqualTo(CgroupMemory.UNKNOWN);
        assertThat(new Cgroup(CgroupPlace.NONE).memory()).isEqualTo(CgroupMemory.UNKNOWN);
    }

    private CgroupMemory memory(int version) {
        return new Cgroup(new CgroupPlace(version, "/", directory.toString())).memory();
    }

    private void write(String name, String content) throws IOException {
        Files.writeString(directory.resolve(name), content);
    }
}
