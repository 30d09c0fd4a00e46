package io.holdfast.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.testing.Eventually;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The entry point of a container, with a java that says how it was called. */
@Timeout(60)
class ContainerEntryPointTest {

    private static final String STOCK = "org.apache.flink.kubernetes.entrypoint.KubernetesSessionClusterEntrypoint";
    private static final String HOLDFAST = "org.apache.flink.kubernetes.entrypoint.HoldfastKubernetesSessionEntrypoint";
    private static final String RUN_JAVA = "exec \"$JAVA_HOME\"/bin/java \"$@\"";
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @TempDir
    private Path directory;

    private final Map<String, String> environment = new HashMap<>();
    private Path javaHome;

    @BeforeEach
    void makeImage() throws IOException {
        javaHome = directory.resolve("java home's");
        Files.createDirectories(javaHome.resolve("bin"));
        Files.createDirectories(javaHome.resolve("lib"));
        fakeJava("printf '<%s>\\n' \"$@\"; echo \"JAVA_HOME=${JAVA_HOME-none}\"");
        environment.put("JAVA_HOME", javaHome.toString());
        environment.put(
                "TMPDIR", Files.createDirectory(directory.resolve("tmp")).toString());
        environment.put(
                "HOLDFAST_ENTRYPOINT_NEXT", ImageEntryPoint.in(directory).toString());
    }

    @ParameterizedTest
    @MethodSource("mainClassesOfTheManual")
    void mainClassIsReplacedAsTheManualSays(String stock, String holdfast) {
        assertThat(java("-cp", "a.jar", stock, "--configDir", "/conf"))
                .containsExactly("<-cp>", "<a.jar>", "<" + holdfast + ">", "<--configDir>", "</conf>", home());
    }

    static Stream<String[]> mainClassesOfTheManual() throws IOException {
        List<String[]> rows = Files.readAllLines(Path.of("../docs/how-to/turn-it-on.md")).stream()
                .filter(line -> line.matches("\\| (standalone|native Kubernetes) (session|application) \\|.*"))
                .map(line -> line.replaceAll("[ `]", "").split("\\|"))
                .map(cells -> new String[] {cells[3 - 1], cells[3]})
                .toList();
        assertThat(rows).hasSize(4);
        return rows.stream();
    }

    @Test
    void everyArgumentArrivesAsItWas() {
        assertThat(java("-Da=b c", "-classpath", "x y:z", STOCK, "", "two  spaces", "$HOME `id` \"q\"", "*"))
                .containsExactly(
                        "<-Da=b c>",
                        "<-classpath>",
                        "<x y:z>",
                        "<" + HOLDFAST + ">",
                        "<>",
                        "<two  spaces>",
                        "<$HOME `id` \"q\">",
                        "<*>",
                        home());
    }

    @ParameterizedTest
    @CsvSource({
        "-cp a org.apache.flink.runtime.taskexecutor.TaskManagerRunner " + STOCK,
        "-cp " + STOCK + " Main",
        "--add-opens " + STOCK + " @arguments Main",
        "-jar a.jar " + STOCK,
        "-jar " + STOCK,
        "-cp a " + STOCK + "2",
        "-version",
        "-cp",
    })
    void allElsePassesUnchanged(String line) {
        String[] arguments = line.split(" ");

        assertThat(java(arguments))
                .containsExactly(
                        Stream.concat(Stream.of(arguments).map(argument -> "<" + argument + ">"), Stream.of(home()))
                                .toArray(String[]::new));
    }

    @Test
    void optionsWithAValueOfTheirOwnDoNotHideTheMainClass() {
        assertThat(java(
                        "@file",
                        "--add-opens",
                        "java.base/java.lang=ALL-UNNAMED",
                        "-p",
                        "m",
                        "-Xmx1g",
                        "-cp",
                        "a",
                        STOCK))
                .contains("<" + HOLDFAST + ">");
    }

    @Test
    void otherFilesOfTheJavaInstallationAreThere() throws IOException {
        Files.writeString(javaHome.resolve("lib/cacerts"), "trusted");
        ImageEntryPoint.script(javaHome.resolve("bin/keytool"), "echo a tool");

        assertThat(run("\"$JAVA_HOME\"/bin/keytool; cat \"$JAVA_HOME\"/lib/cacerts"))
                .containsExactly("a tool", "trusted");
    }

    @Test
    void javaIsFoundOnThePath() throws IOException {
        environment.remove("JAVA_HOME");
        environment.put("PATH", javaHome.resolve("bin") + ":" + System.getenv("PATH"));

        assertThat(java(STOCK)).containsExactly("<" + HOLDFAST + ">", "JAVA_HOME=none");
    }

    @Test
    void exitCodeIsJavas() throws IOException {
        fakeJava("exit 78");

        assertThat(exitCode(RUN_JAVA, STOCK)).isEqualTo(78);
    }

    @Test
    void sigtermReachesJava() throws IOException {
        fakeJava("trap 'exit 9' TERM; echo listening; while true; do sleep 0.05; done");

        try (Launched container = launch(RUN_JAVA, STOCK)) {
            Eventually.until(
                    PATIENCE, () -> assertThat(container.standardOutput()).contains("listening"));
            container.terminate();

            assertThat(container.exitCode(PATIENCE)).isEqualTo(9);
        }
    }

    @Test
    void switchedOffItChangesNothing() {
        environment.put("HOLDFAST_ENABLED", "false");

        assertThat(java(STOCK)).containsExactly("<" + STOCK + ">", home());
        assertThat(run("echo \"$JAVA_HOME\"")).containsExactly(javaHome.toString());
        assertThat(directory.resolve("tmp")).isEmptyDirectory();
    }

    @Test
    void variablesOfAServiceWithItsNameAreNoErrors() {
        environment.put("HOLDFAST_ENTRYPOINT_SERVICE_HOST", "10.0.0.1");
        environment.put("HOLDFAST_ENTRYPOINT_PORT_443_TCP", "tcp://10.0.0.1:443");
        environment.put("HOLDFAST_RESIZE_SHRINK_TIMEOUT", "30s");

        assertThat(run("echo well")).containsExactly("well");
    }

    @ParameterizedTest
    @CsvSource({
        "HOLDFAST_ENABLED,         no,    HOLDFAST_ENABLED must be true or false: 'no'. Correct",
        "HOLDFAST_ENABLED,         '',    HOLDFAST_ENABLED must be true or false: ''. Correct",
        "HOLDFAST_ENTRYPOINT_NXT,  /bin,  HOLDFAST_ENTRYPOINT_NXT is not a variable of this script. Use HOLDFAST_",
        "HOLDFAST_ENTRYPOINT_NEXT, /none, entry point '/none' is not an executable file. Set HOLDFAST_ENTRYPOINT_NEXT",
        "HOLDFAST_ENTRYPOINT_NEXT, '',    entry point '' is not an executable file. Set HOLDFAST_ENTRYPOINT_NEXT",
        "JAVA_HOME,                /etc,  No Java found: JAVA_HOME is '/etc'",
        "TMPDIR,                   /none, No directory can be made in '/none'. Mount a writable /tmp",
    })
    void whatCannotWorkIsRefusedInOneLine(String variable, String value, String sentence) {
        environment.put(variable, value);

        assertRefused(sentence);
    }

    @Test
    void itDoesNotCallItself() {
        environment.put(
                "HOLDFAST_ENTRYPOINT_NEXT", Installation.containerEntryPoint().toString());

        assertRefused("HOLDFAST_ENTRYPOINT_NEXT is this script itself. Set it to the entry point of the image.");
    }

    private void assertRefused(String sentence) {
        try (Launched container = launch("echo must not run")) {
            assertThat(container.exitCode(PATIENCE)).isEqualTo(78);
            assertThat(container.standardError().lines())
                    .singleElement()
                    .asString()
                    .startsWith("holdfast-entrypoint: ")
                    .contains(sentence);
            assertThat(container.standardOutput()).isEmpty();
        }
    }

    /** What the fake java says when a container runs it with these arguments. */
    private List<String> java(String... arguments) {
        return run(RUN_JAVA, arguments);
    }

    /** What a container says that runs these lines of bash. */
    private List<String> run(String lines, String... arguments) {
        try (Launched container = launch(lines, arguments)) {
            assertThat(container.exitCode(PATIENCE))
                    .as(container::standardError)
                    .isZero();
            assertThat(container.standardError()).isEmpty();
            return container.standardOutput().lines().toList();
        }
    }

    private int exitCode(String lines, String... arguments) {
        try (Launched container = launch(lines, arguments)) {
            return container.exitCode(PATIENCE);
        }
    }

    private Launched launch(String lines, String... arguments) {
        return Launched.start(
                directory,
                new TreeMap<>(environment),
                Stream.concat(
                                Stream.of(Installation.containerEntryPoint().toString(), "bash", "-c", lines, "-"),
                                Stream.of(arguments))
                        .toList());
    }

    private void fakeJava(String lines) {
        ImageEntryPoint.script(javaHome.resolve("bin/java"), lines);
    }

    private String home() {
        return "JAVA_HOME=" + javaHome;
    }
}
