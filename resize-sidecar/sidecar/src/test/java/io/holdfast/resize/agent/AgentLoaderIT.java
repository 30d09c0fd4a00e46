package io.holdfast.resize.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.holdfast.resize.Workload;
import io.holdfast.resize.observe.TaskManagerProcess;
import io.holdfast.testing.Eventually;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real processes: JVMs that can be attached to, one that forbids it, and one that is none. */
@Timeout(120)
class AgentLoaderIT {
    private static final Path PROC = Path.of("/proc");

    @TempDir
    private Path directory;

    private final List<Process> processes = new ArrayList<>();
    private AgentLoader loader;

    @BeforeEach
    void makeJar() throws IOException {
        Path jar = directory.resolve("tiny.jar");
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(new Attributes.Name("Agent-Class"), TinyAgent.class.getName());
        String file = TinyAgent.class.getName().replace('.', '/') + ".class";
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest);
                InputStream in = TinyAgent.class.getClassLoader().getResourceAsStream(file)) {
            out.putNextEntry(new ZipEntry(file));
            in.transferTo(out);
        }
        loader = new AgentLoader(jar);
    }

    @AfterEach
    void endAll() throws InterruptedException {
        for (Process process : processes) {
            process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void agentIsLoadedIntoAJvmThatRuns() throws Exception {
        Process jvm = jvm();
        Path said = directory.resolve("said");

        loader.load(process(jvm), said.toString());

        assertThat(said).hasContent("loaded");
        assertThat(jvm.isAlive()).isTrue();
    }

    @Test
    void jvmThatListensFromItsStartIsNotSignalled() throws Exception {
        Process jvm = jvm("-XX:+StartAttachListener");
        Path said = directory.resolve("said");
        Path listener = Path.of("/tmp/.java_pid" + jvm.pid());
        Eventually.until(Duration.ofSeconds(20), () -> assertThat(listener).exists());

        loader.load(listener, Path.of("/"), said.toString());

        assertThat(said).hasContent("loaded");
    }

    @Test
    void processThatWouldDieOfTheSignalDoesNotGetIt() throws Exception {
        Process sleep = new ProcessBuilder("sleep", "60").start();
        processes.add(sleep);

        IOException refused = catchThrowableOfType(IOException.class, () -> loader.load(process(sleep), "x"));

        assertThat(refused).hasMessageContaining("does not handle SIGQUIT, and would die of it");
        assertThat(sleep.isAlive()).isTrue();
    }

    @Test
    void jvmThatForbidsItSaysSo() throws Exception {
        Process jvm = jvm("-XX:-EnableDynamicAgentLoading");

        IOException refused =
                catchThrowableOfType(IOException.class, () -> loader.load(process(jvm), "/nonexistent/file"));

        assertThat(refused).hasMessageContaining("Dynamic agent loading is not enabled");
        assertThat(jvm.isAlive()).isTrue();
    }

    private Process jvm(String... flags) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(flags));
        command.addAll(List.of("-Xmx64m", "-XX:+UseSerialGC", "-cp", "target/test-classes", Workload.class.getName()));
        Process jvm = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("jvm.out").toFile())
                .start();
        processes.add(jvm);
        jvm.getOutputStream().write("5\n".getBytes(StandardCharsets.US_ASCII));
        jvm.getOutputStream().flush();
        Eventually.until(
                Duration.ofSeconds(30),
                () -> assertThat(directory.resolve("jvm.out")).content().contains("rounds"));
        return jvm;
    }

    private static TaskManagerProcess process(Process process) throws IOException {
        return TaskManagerProcess.of(PROC, process.pid());
    }
}
