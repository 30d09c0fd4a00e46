package io.holdfast.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** With a JVM that plays the JobManager; real clusters are started by the scenarios that need one. */
@Timeout(60)
class FlinkProcessesTest {

    @RegisterExtension
    final LeakCheck leakCheck = new LeakCheck();

    @TempDir
    private Path directory;

    @BeforeEach
    void oneJar() throws IOException {
        Files.createDirectories(directory.resolve("lib"));
        try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(directory.resolve("lib/empty.jar")))) {
            jar.putNextEntry(new JarEntry("empty"));
        }
    }

    @Test
    void aProcessCanBeStoppedContinuedAndKilled() {
        try (FlinkProcesses cluster = cluster(CannedRest.class.getName()).start()) {
            FlinkProcess jobManager = cluster.jobManager();
            assertThat(cluster.rest().taskManagers()).isEmpty();

            jobManager.stop();
            Eventually.until(
                    Duration.ofSeconds(5), () -> assertThat(state(jobManager)).isEqualTo("T"));
            jobManager.cont();
            Eventually.until(
                    Duration.ofSeconds(5), () -> assertThat(state(jobManager)).isNotEqualTo("T"));
            assertThat(cluster.rest().taskManagers()).isEmpty();

            jobManager.stop();
            jobManager.kill();
            assertThat(jobManager.isAlive()).isFalse();
            assertThat(jobManager.exitCode()).isEqualTo(137);
        }
    }

    @Test
    void anotherJobManagerIsWhereTheKilledOneWas() {
        try (FlinkProcesses cluster = cluster(CannedRest.class.getName()).start()) {
            FlinkProcess first = cluster.jobManager();

            FlinkProcess second = cluster.restartJobManager();
            cluster.awaitTaskManagers(0);

            assertThat(first.exitCode()).isEqualTo(137);
            assertThat(cluster.jobManager()).isSameAs(second);
            assertThat(second.isAlive()).isTrue();
        }
    }

    @Test
    void closingEndsEveryProcess() {
        FlinkProcesses cluster = cluster(CannedRest.class.getName()).start();

        cluster.close();

        assertThat(ProcessHandle.of(cluster.jobManager().pid()).filter(ProcessHandle::isAlive))
                .isEmpty();
    }

    @Test
    void aProcessThatDiesAtTheStartIsReportedWithWhatItSaid() {
        FlinkProcessesBuilder cluster = cluster("no.such.Main");

        assertThatThrownBy(cluster::start)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("jobmanager (pid ")
                .hasMessageContaining("exited with 1 instead of serving")
                .hasMessageContaining("Could not find or load main class no.such.Main");
    }

    @Test
    void aClientThatFailsIsReportedWithWhatItSaid() {
        try (FlinkProcesses cluster = cluster(CannedRest.class.getName()).start()) {
            assertThatThrownBy(() -> cluster.run("no.such.Job", List.of()))
                    .hasMessageContaining("no.such.Job exited with 1")
                    .hasMessageContaining("Could not find or load main class no.such.Job");
        }
    }

    @Test
    void aMissingJarIsRefusedBeforeAnythingStarts() {
        FlinkProcessesBuilder cluster = FlinkProcesses.in(directory);

        assertThatThrownBy(() -> cluster.jars(List.of(directory.resolve("job.jar"))))
                .hasMessage(directory.resolve("job.jar") + " does not exist. Build it first.");
        assertThatThrownBy(() -> cluster.flinkLibraries(directory.resolve("none")))
                .hasMessageContaining("is not readable. Build testing/flink-dist first.");
    }

    @Test
    void anUnknownTaskManagerIsRefused() {
        try (FlinkProcesses cluster = cluster(CannedRest.class.getName()).start()) {
            assertThatThrownBy(() -> cluster.taskManager(1)).hasMessage("TaskManager number must be in 1..0: 1");
            assertThatThrownBy(() -> cluster.taskManager("tm-9")).hasMessage("No TaskManager tm-9 in []");
        }
    }

    private FlinkProcessesBuilder cluster(String mainClass) {
        return FlinkProcesses.in(directory.resolve("cluster"))
                .flinkLibraries(directory.resolve("lib"))
                .jars(List.of(testClasses()))
                .jobManagerMainClass(mainClass)
                .jobManagerHeapMiB(32)
                .taskManagers(0);
    }

    /** The state letter of {@code /proc/<pid>/stat}, after the command name in parentheses. */
    private static String state(FlinkProcess process) throws IOException {
        String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
        return stat.substring(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
    }

    private static Path testClasses() {
        try {
            return Path.of(CannedRest.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
