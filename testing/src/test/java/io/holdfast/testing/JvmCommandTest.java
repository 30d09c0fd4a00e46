package io.holdfast.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class JvmCommandTest {

    private final ProcessFiles files = new ProcessFiles(Path.of("/tmp/tm-1"), "tm-1");
    private final JvmCommand usual = JvmCommand.of(List.of(Path.of("/lib/a.jar")), List.of("-Dall=1"));

    @Test
    void aTaskManagerMayHaveAJavaACollectorAndAHeapOfItsOwn() {
        TaskManagerStart start = TaskManagerStart.USUAL
                .withJava(Path.of("/opt/jdk-25"))
                .withFlags(List.of("-Xms256m", "-Xmx4g"))
                .withFlags(List.of("-XX:+UseG1GC"));

        List<String> command = usual.with(start).command(files, "Main", List.of("-Xms1g", "-Xmx1g"));

        assertThat(command.get(0)).isEqualTo("/opt/jdk-25/bin/java");
        assertThat(command).doesNotContain("-XX:+UseSerialGC").containsOnlyOnce("-XX:+UseG1GC");
        assertThat(command)
                .as("the first is Flink's, the last one counts")
                .containsSubsequence("-Xms1g", "-Xmx1g", "-Dall=1", "-Xms256m", "-Xmx4g", "Main");
    }

    @Test
    void theUsualOneIsAsTheTestsJava() {
        List<String> command = usual.with(TaskManagerStart.USUAL).command(files, "Main", List.of("-Xmx1g"));

        assertThat(command.get(0)).isEqualTo(System.getProperty("java.home") + "/bin/java");
        assertThat(command).contains("-XX:+UseSerialGC");
    }
}
