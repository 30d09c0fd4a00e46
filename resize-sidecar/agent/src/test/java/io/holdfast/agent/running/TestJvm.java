package io.holdfast.agent.running;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.agent.app.App;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** A JVM that runs {@link App}, with the agent or without. Ended with the test. */
final class TestJvm implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 60;
    private static final String END = "\u0000end of stream";

    private final Process process;
    private final Path socket;
    private final BlockingQueue<String> output = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> errors = new LinkedBlockingQueue<>();
    private final List<String> seenErrors = new ArrayList<>();

    private TestJvm(Process process, Path socket) {
        this.process = process;
        this.socket = socket;
        pump(process.getInputStream(), output);
        pump(process.getErrorStream(), errors);
    }

    /** What to start. */
    static final class Start {
        private final int feature;
        private final Path directory;
        private final List<String> wrapper = new ArrayList<>();
        private final List<String> options = new ArrayList<>(List.of("-Xms64m", "-Xmx512m", "-XX:+UseG1GC"));
        private String socketName = "agent.sock";

        Start(int feature, Path directory) {
            this.feature = feature;
            this.directory = directory;
        }

        /** Options of the JVM; the last one wins. */
        Start options(String... more) {
            options.addAll(List.of(more));
            return this;
        }

        /** Instead of G1 and its heap. */
        Start onlyOptions(String... only) {
            options.clear();
            return options(only);
        }

        /** A command that executes what follows it. */
        Start within(String... command) {
            wrapper.addAll(List.of(command));
            return this;
        }

        Start socketNamed(String name) {
            socketName = name;
            return this;
        }

        /** With the agent before {@code main}; options follow {@code socket=}. */
        TestJvm preloaded(String agentOptions) {
            if (feature >= 24) {
                options.add("--enable-native-access=ALL-UNNAMED");
            }
            return preloadedWithoutNativeAccess(agentOptions);
        }

        /** The same, but where Java 24 and newer would have to be asked to let the agent call the kernel. */
        TestJvm preloadedWithoutNativeAccess(String agentOptions) {
            options.add(
                    "-javaagent:" + jar() + "=socket=" + socket() + (agentOptions.isEmpty() ? "" : ",") + agentOptions);
            return started();
        }

        TestJvm without() {
            return started();
        }

        private TestJvm started() {
            Path home = Jdks.require(feature);
            Jars.requirePageRelease(feature);
            List<String> command = new ArrayList<>(wrapper);
            command.add(home.resolve("bin/java").toString());
            command.addAll(options);
            command.addAll(List.of("-cp", classes(), App.class.getName()));
            try {
                ProcessBuilder builder = new ProcessBuilder(command);
                builder.environment().remove("JAVA_TOOL_OPTIONS");
                return new TestJvm(builder.start(), socket());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static String classes() {
            return App.class.getProtectionDomain().getCodeSource().getLocation().getPath();
        }

        private Path socket() {
            return directory.resolve(socketName);
        }
    }

    /** Returns the jar under test, as it is delivered. */
    static Path jar() {
        Path jar = Path.of(System.getProperty("holdfast.agent.jar", "target/holdfast-agent-0.1.0-SNAPSHOT.jar"));
        assertThat(jar).exists();
        return jar.toAbsolutePath();
    }

    /** Returns once the application runs. */
    TestJvm up() {
        String first = next(output);
        if (!first.equals("up")) {
            assertThat(first).as("standard error: %s", errorsAtEnd()).isEqualTo("up");
        }
        return this;
    }

    /** Has the application do something; returns its answer. */
    String app(String command) {
        tell(command);
        return answer();
    }

    /** As {@link #app}, for what may be the death of the JVM: says then what the cgroup has to do with it. */
    String app(String command, ChildCgroup cgroup) {
        tell(command);
        return answer(() -> "cgroup: " + cgroup.figures() + "; ");
    }

    /** As {@link #app}, but does not wait; the answer comes by {@link #answer()}. */
    void tell(String command) {
        try {
            process.getOutputStream().write((command + "\n").getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String answer() {
        return answer(() -> "");
    }

    private String answer(Supplier<String> more) {
        String answer = next(output);
        if (answer.equals(END)) {
            assertThat(answer)
                    .as("the JVM ended, exit code %d; %sstandard error: %s", exitCode(), more.get(), errorsAtEnd())
                    .isNotEqualTo(END);
        }
        return answer;
    }

    AgentClient client() {
        return new AgentClient(socket);
    }

    /** Asks the agent on a connection of its own. */
    AgentClient.Reply ask(String request) {
        try (AgentClient client = client()) {
            return client.ask(request);
        }
    }

    /** Returns the next line of standard error that is wanted; fails when none comes. */
    String error(Predicate<String> wanted) {
        while (true) {
            String line = next(errors);
            assertThat(line).as("standard error was: %s", seenErrors).isNotEqualTo(END);
            seenErrors.add(line);
            if (wanted.test(line)) {
                return line;
            }
        }
    }

    /** Returns all of standard error, after the end. */
    List<String> errorsAtEnd() {
        String line;
        while (!(line = next(errors)).equals(END)) {
            seenErrors.add(line);
        }
        return seenErrors;
    }

    int exitCode() {
        try {
            assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
            return process.exitValue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    long pid() {
        return process.pid();
    }

    boolean alive() {
        return process.isAlive();
    }

    Path socket() {
        return socket;
    }

    /** Ends it as a failing machine would. */
    void kill() {
        process.destroyForcibly();
        exitCode();
    }

    /** Lets the application return from {@code main}. */
    int end() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return exitCode();
    }

    @Override
    public void close() {
        process.destroyForcibly();
        exitCode();
    }

    private String next(BlockingQueue<String> lines) {
        try {
            String line = lines.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(line)
                    .as("waited %d s; standard error was %s, then %s", PATIENCE_SECONDS, seenErrors, errors)
                    .isNotNull();
            return line;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void pump(InputStream stream, BlockingQueue<String> lines) {
        Thread pump = new Thread(() -> {
            try (BufferedReader reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
                String line;
                while ((line = reader.readLine()) != null) {
                    lines.add(line);
                }
            } catch (IOException e) {
                lines.add("unreadable: " + e);
            }
            lines.add(END);
        });
        pump.setDaemon(true);
        pump.start();
    }
}
