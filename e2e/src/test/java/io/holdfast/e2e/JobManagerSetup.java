package io.holdfast.e2e;

import io.holdfast.testing.FlinkRest;
import io.holdfast.testing.FreePort;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Configuration directory and command line of one JobManager on 127.0.0.1, with Holdfast's shuffle service. */
final class JobManagerSetup {

    static final String SHUFFLE = "shuffle-service-factory.class";

    private static final String LOG4J = """
            status = error
            rootLogger.level = INFO
            rootLogger.appenderRef.file.ref = file
            appender.file.type = File
            appender.file.name = file
            appender.file.fileName = ${sys:log.file}
            appender.file.layout.type = PatternLayout
            appender.file.layout.pattern = %d{HH:mm:ss.SSS} %-5p %-30c{1} [%t] %m%n
            """;

    private final Path directory;
    private final List<Path> classPath;
    private final Map<String, String> options = new TreeMap<>();

    /** Files go to {@code directory}, which exists; {@code extensions} come before Flink's jars. */
    JobManagerSetup(Path directory, Installation flink, List<Path> extensions) {
        this.directory = directory;
        this.classPath = new ArrayList<>(extensions);
        classPath.addAll(flink.flinkJars());
        String restPort = Integer.toString(FreePort.any());
        option("jobmanager.rpc.address", "127.0.0.1");
        option("jobmanager.rpc.port", Integer.toString(FreePort.any()));
        option("jobmanager.bind-host", "127.0.0.1");
        option("rest.address", "127.0.0.1");
        option("rest.bind-address", "127.0.0.1");
        option("rest.port", restPort);
        option("rest.bind-port", restPort);
        option("io.tmp.dirs", directory.resolve("tmp").toString());
        option("pekko.startup-timeout", "90 s"); // else 10 s, too short for a busy machine
        option(SHUFFLE, "io.holdfast.flink.shuffle.HoldfastShuffleServiceFactory");
    }

    JobManagerSetup option(String key, String value) {
        options.put(key, value);
        return this;
    }

    /** Adds what Flink's scripts would compute for a TaskManager, {@code tm-1}, with so much heap and off-heap memory. */
    JobManagerSetup withTaskManager(int heapMiB, int offHeapMiB) {
        int frameworkMiB = 32;
        return option("taskmanager.bind-host", "127.0.0.1")
                .option("taskmanager.host", "127.0.0.1")
                .option("taskmanager.resource-id", "tm-1") // else the name of the pod, which nobody resolves here
                .option("taskmanager.cpu.cores", "1.0")
                .option("taskmanager.memory.framework.heap.size", frameworkMiB + "m")
                .option("taskmanager.memory.framework.off-heap.size", frameworkMiB + "m")
                .option("taskmanager.memory.task.heap.size", (heapMiB - frameworkMiB) + "m")
                .option("taskmanager.memory.task.off-heap.size", (offHeapMiB - frameworkMiB) + "m")
                .option("taskmanager.memory.network.min", "16m")
                .option("taskmanager.memory.network.max", "16m")
                .option("taskmanager.memory.managed.size", "0m")
                .option("taskmanager.memory.jvm-metaspace.size", "112m")
                .option("taskmanager.memory.jvm-overhead.min", "32m")
                .option("taskmanager.memory.jvm-overhead.max", "32m");
    }

    JobManagerSetup without(String key) {
        options.remove(key);
        return this;
    }

    FlinkRest rest() {
        return new FlinkRest(URI.create("http://127.0.0.1:" + options.get("rest.port")));
    }

    int restPort() {
        return Integer.parseInt(options.get("rest.port"));
    }

    Path configDirectory() {
        return directory.resolve("conf");
    }

    private Path logFile() {
        return directory.resolve("jobmanager.log");
    }

    /** What Flink has logged so far; empty if it has not begun. */
    String log() {
        try {
            return Files.exists(logFile()) ? Files.readString(logFile()) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes the configuration, and returns all that follows {@code java}, up to and with the main class. */
    List<String> javaArguments(String mainClass) {
        try {
            Files.createDirectories(configDirectory());
            Files.createDirectories(directory.resolve("tmp"));
            Files.writeString(
                    configDirectory().resolve("config.yaml"),
                    options.entrySet().stream()
                            .map(option -> "%s: '%s'%n"
                                    .formatted(
                                            option.getKey(), option.getValue().replace("'", "''")))
                            .collect(Collectors.joining()));
            Files.writeString(configDirectory().resolve("log4j2.properties"), LOG4J);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return List.of(
                "@" + Installation.jvmArguments(),
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "-Djava.io.tmpdir=" + directory.resolve("tmp"),
                "-Dlog.file=" + logFile(),
                "-Dlog4j.configurationFile=" + configDirectory().resolve("log4j2.properties"),
                "-cp",
                classPath.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator)),
                mainClass);
    }

    /** Starts this JobManager as a container would: by its entry point, which runs a shell, which runs java. */
    Launched startInContainer(String stockMainClass, List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(
                Installation.containerEntryPoint().toString(),
                "bash",
                "-c",
                "exec \"$JAVA_HOME\"/bin/java \"$@\"",
                "-"));
        command.addAll(javaArguments(stockMainClass));
        command.addAll(arguments);
        return Launched.start(
                directory,
                Map.of(
                        "PATH", Installation.javaHome().resolve("bin") + ":" + System.getenv("PATH"),
                        "TMPDIR", directory.resolve("tmp").toString(),
                        "HOLDFAST_ENTRYPOINT_NEXT",
                                ImageEntryPoint.in(directory).toString(),
                        "FLINK_CONF_DIR", configDirectory().toString()),
                command);
    }

    /** Starts this JobManager with {@code java}. */
    Launched start(String mainClass, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Installation.javaHome().resolve("bin/java").toString());
        command.addAll(javaArguments(mainClass));
        command.addAll(arguments);
        return Launched.start(
                directory, Map.of("FLINK_CONF_DIR", configDirectory().toString()), command);
    }
}
