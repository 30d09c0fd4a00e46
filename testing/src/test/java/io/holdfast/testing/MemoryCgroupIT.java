package io.holdfast.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real cgroups with real processes in them. */
@NeedsMemoryCgroup
@Timeout(60)
class MemoryCgroupIT {

    private static final long MIB = 1L << 20;
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @TempDir
    private Path directory;

    @Test
    void theLimitGoesUpAndDownAndIsRefusedBelowWhatIsInUse() throws Exception {
        try (MemoryCgroup cgroup = MemoryCgroup.create("limit", 512 * MIB)) {
            Process hog = hog(cgroup, 128);
            try {
                Eventually.until(PATIENCE, () -> assertThat(cgroup.usageBytes()).isGreaterThan(128 * MIB));

                assertThat(cgroup.limit(1024 * MIB)).isTrue();
                assertThat(cgroup.limitBytes()).isEqualTo(1024 * MIB);
                assertThat(cgroup.limit(400 * MIB)).isTrue();
                assertThat(cgroup.limitBytes()).isEqualTo(400 * MIB);
                assertThat(cgroup.limit(64 * MIB)).isFalse();
                assertThat(cgroup.limitBytes()).as("as it was").isEqualTo(400 * MIB);

                assertThat(cgroup.processes()).containsExactly(hog.pid());
                assertThat(cgroup.stat("rss")).isBetween(128 * MIB, 400 * MIB);
                assertThat(cgroup.oomKills()).isZero();
                assertThat(hog.isAlive()).isTrue();
            } finally {
                hog.destroyForcibly().waitFor();
            }
        }
    }

    @Test
    void whatTheKernelKillsIsCounted() throws Exception {
        try (MemoryCgroup cgroup = MemoryCgroup.create("oom", 64 * MIB)) {
            Process hog = hog(cgroup, 128);

            assertThat(hog.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();

            assertThat(hog.exitValue()).isEqualTo(137);
            assertThat(cgroup.oomKills()).isPositive();
            assertThat(cgroup.peakBytes()).isEqualTo(64 * MIB);
        }
    }

    @Test
    void nothingStaysBehind() throws Exception {
        MemoryCgroup cgroup = MemoryCgroup.create("end", 512 * MIB);
        Process hog = hog(cgroup, 16);

        hog.destroyForcibly(); // it may still live when the cgroup is removed
        cgroup.close();
        cgroup.close();

        assertThat(cgroup.directory()).doesNotExist();
        assertThatThrownBy(cgroup::limitBytes).hasMessageContaining("Not readable: ");
    }

    private Process hog(MemoryCgroup cgroup, int heapMiB) throws IOException, URISyntaxException {
        Path classes = Path.of(CannedRest.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        Path conf = Files.createDirectories(directory.resolve("conf"));
        Files.writeString(conf.resolve("config.yaml"), "rest.port: '%d'%n".formatted(FreePort.any()));
        return new ProcessBuilder(cgroup.command(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:+AlwaysPreTouch",
                        "-Xms" + heapMiB + "m",
                        "-Xmx" + heapMiB + "m",
                        "-cp",
                        classes.toString(),
                        CannedRest.class.getName(),
                        "--configDir",
                        conf.toString())))
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("hog.out").toFile())
                .start();
    }
}
