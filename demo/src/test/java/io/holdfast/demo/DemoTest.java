package io.holdfast.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoTest {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    private Path home;

    @AfterEach
    void forgetHome() {
        System.clearProperty(Installation.HOME_PROPERTY);
    }

    @Test
    void helpIsNoError() {
        assertThat(run("--help")).isZero();
        assertThat(text(out)).isEqualTo(DemoArguments.USAGE);
    }

    @Test
    void wrongUsageEndsWithTwoAndSaysWhatIsRight() {
        assertThat(run("--quik")).isEqualTo(2);
        assertThat(text(err)).startsWith("'--quik' is no option of the demo. Did you mean --quick?");
    }

    @Test
    void aMissingFlinkIsOneErrorWithTheCommandThatBuildsIt() {
        System.setProperty(Installation.HOME_PROPERTY, home.toString());

        assertThat(run("--flink", "2.3")).isEqualTo(78);
        assertThat(text(err))
                .isEqualTo("Flink 2.3 is not at " + home + "/testing/flink-dist/2.3/target/lib. Build it with ./mvnw"
                        + " -DskipTests -pl demo,flink-connectors/flink-2.3,testing/flink-dist/2.3 -am package.\n");
    }

    @Test
    void aMissingHomeIsAnError() {
        assertThat(run()).isEqualTo(78);
        assertThat(text(err)).contains("holdfast.home is not set. Start the demo with ./holdfast demo.");
    }

    @Test
    void aPortInUseIsAnErrorBeforeAnythingStarts() throws IOException {
        System.setProperty(Installation.HOME_PROPERTY, home.toString());
        built("testing/flink-dist/2.2/target/lib/flink-runtime-2.2.1.jar");
        built("flink-connectors/flink-2.2/target/holdfast-flink-2.2-0.1.0.jar");
        built("demo/target/holdfast-demo.jar");
        built("testing/target/holdfast-testing.jar");

        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThat(run("--port", Integer.toString(other.getLocalPort()))).isEqualTo(78);
            assertThat(text(err)).contains("Port " + other.getLocalPort() + " on 127.0.0.1 is in use.");
        }
    }

    private void built(String jar) throws IOException {
        Path path = home.resolve(jar);
        Files.createDirectories(path.getParent());
        Files.createFile(path);
    }

    private int run(String... arguments) {
        return Demo.run(List.of(arguments), print(out), print(err));
    }

    private static PrintStream print(ByteArrayOutputStream stream) {
        return new PrintStream(stream, true, StandardCharsets.UTF_8);
    }

    private static String text(ByteArrayOutputStream stream) {
        return stream.toString(StandardCharsets.UTF_8);
    }
}
