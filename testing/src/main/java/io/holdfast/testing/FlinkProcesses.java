package io.holdfast.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A real Flink cluster on 127.0.0.1: one JobManager and some TaskManagers, each a JVM of its own that can be killed.
 *
 * <h2>Use</h2>
 *
 * <pre>{@code
 * try (FlinkProcesses flink = FlinkProcesses.in(directory)
 *         .flinkLibraries(Path.of("testing/flink-dist/2.3/target/lib"))
 *         .jars(List.of(jobJar))
 *         .taskManagers(3)
 *         .option("execution.checkpointing.interval", "1 s")
 *         .start()) {
 *     flink.run("com.example.MyJob", List.of());
 *     flink.taskManager(2).kill();
 *     flink.startTaskManager();
 * }
 * }</pre>
 *
 * <p>The directory receives one sub-directory per process with its configuration and its log. Jobs are on the class
 * path of all processes; nothing is uploaded. {@link #close()} and a JVM shutdown hook kill every process.
 *
 * <p>Thread-safe.
 */
public final class FlinkProcesses implements AutoCloseable {

    private static final String JOB_MANAGER = "jobmanager";
    private static final String TASK_MANAGER_MAIN = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner";
    private static final Duration START_TIMEOUT = Duration.ofSeconds(90);
    private static final Duration CLIENT_TIMEOUT = Duration.ofSeconds(90);
    private static final int FAILURE_TAIL_LINES = 40;

    private final FlinkProcessesBuilder setup;
    private final JvmCommand jvm;
    private final Map<String, String> commonOptions;
    private final Optional<ZooKeeper> zooKeeper;
    private volatile FlinkProcess jobManager;
    private int jobManagers;
    private final List<FlinkProcess> taskManagers = new CopyOnWriteArrayList<>();
    private final URI restAddress;
    private final FlinkRest rest;
    private volatile boolean released;
    private final Thread hook = new Thread(this::killAll, "flink-processes-shutdown");

    FlinkProcesses(FlinkProcessesBuilder setup) {
        this.setup = setup;
        this.jvm = JvmCommand.of(setup.classPath(), setup.jvmFlags());
        int restPort = setup.restPort() == 0 ? FreePort.any() : setup.restPort();
        this.restAddress = URI.create("http://127.0.0.1:" + restPort);
        this.rest = new FlinkRest(restAddress);
        this.commonOptions = commonOptions(restPort, FreePort.any());
        Runtime.getRuntime().addShutdownHook(hook);
        this.zooKeeper = setup.isHighlyAvailable()
                ? Optional.of(ZooKeeper.start(setup.directory().resolve("zookeeper"), jvm))
                : Optional.empty();
        zooKeeper.ifPresent(server -> commonOptions.putAll(server.options()));
        this.jobManager = startJobManager();
    }

    /** Starts describing a cluster whose configuration and logs go to {@code directory}. */
    public static FlinkProcessesBuilder in(Path directory) {
        return new FlinkProcessesBuilder(directory);
    }

    /** Address of the REST endpoint and of the web interface. */
    public URI restAddress() {
        return restAddress;
    }

    /** A client of {@link #restAddress()}. */
    public FlinkRest rest() {
        return rest;
    }

    public FlinkProcess jobManager() {
        return jobManager;
    }

    /**
     * Kills the JobManager, if it lives, and starts another one at the same addresses. It knows of no job unless high
     * availability is configured; TaskManagers register with it.
     */
    public synchronized FlinkProcess restartJobManager() {
        jobManager.kill();
        jobManager = startJobManager();
        return jobManager;
    }

    /** TaskManager {@code number}, counted from 1 in order of start; its resource id is {@code tm-<number>}. */
    public FlinkProcess taskManager(int number) {
        if (number < 1 || number > taskManagers.size()) {
            throw new IllegalArgumentException(
                    "TaskManager number must be in 1..%d: %d".formatted(taskManagers.size(), number));
        }
        return taskManagers.get(number - 1);
    }

    /** The TaskManager with this resource id, such as {@code tm-2}. */
    public FlinkProcess taskManager(String resourceId) {
        return taskManagers.stream()
                .filter(taskManager -> taskManager.name().equals(resourceId))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("No TaskManager " + resourceId + " in "
                        + taskManagers.stream().map(FlinkProcess::name).toList()));
    }

    /** All TaskManagers ever started, dead ones included, in order of start. */
    public List<FlinkProcess> taskManagers() {
        return List.copyOf(taskManagers);
    }

    /** Starts one more TaskManager and returns at once; {@link #awaitTaskManagers} waits for its registration. */
    public synchronized FlinkProcess startTaskManager() {
        String name = "tm-" + (taskManagers.size() + 1);
        Map<String, String> options = new LinkedHashMap<>(commonOptions);
        zooKeeper.ifPresent(server -> options.putAll(ZooKeeper.OF_TASK_MANAGERS));
        options.putAll(setup.memory().options());
        options.put("taskmanager.resource-id", name);
        options.put("taskmanager.numberOfTaskSlots", Integer.toString(setup.slots()));
        TaskManagerStart start = setup.taskManagerStart(name);
        List<String> flags = new ArrayList<>(setup.memory().jvmFlags());
        flags.addAll(setup.taskManagerJvmFlags());
        FlinkProcess taskManager = startProcess(name, TASK_MANAGER_MAIN, flags, options, start);
        taskManagers.add(taskManager);
        return taskManager;
    }

    /** Returns when {@code count} TaskManagers are registered; fails at once, with its log, when a process died. */
    public void awaitTaskManagers(int count) {
        long deadlineNanos = System.nanoTime() + START_TIMEOUT.toNanos();
        String seen = "no answer";
        while (System.nanoTime() < deadlineNanos && !Thread.currentThread().isInterrupted()) {
            try {
                int registered = rest.taskManagers().size();
                if (registered == count) {
                    return;
                }
                seen = registered + " registered";
            } catch (UncheckedIOException | FlinkRest.Refusal e) {
                seen = e.getMessage(); // not listening yet
            }
            failIfNewlyDead();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
        }
        throw new IllegalStateException("%d TaskManagers wanted at %s within %d s, last seen: %s.%n%s"
                .formatted(count, restAddress, START_TIMEOUT.toSeconds(), seen, tail(FAILURE_TAIL_LINES)));
    }

    /**
     * Runs a main class on the cluster's class path in a JVM of its own, typically one that submits a job to {@code
     * args}' address, and returns its standard output. Throws with the output if it exits with another code than 0.
     */
    public String run(String mainClass, List<String> args) {
        ProcessFiles files = ProcessFiles.create(setup.directory().resolve("client"), "client", commonOptions);
        List<String> command = new ArrayList<>(jvm.command(files, mainClass, List.of("-Xmx192m")));
        command.addAll(args);
        try {
            Process client = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(files.out().toFile())
                    .start();
            boolean ended = client.waitFor(CLIENT_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
            if (!ended) {
                client.destroyForcibly();
            }
            String output = Files.readString(files.out(), StandardCharsets.UTF_8);
            if (!ended || client.exitValue() != 0) {
                throw new IllegalStateException("%s %s.%n%s"
                        .formatted(
                                mainClass,
                                ended
                                        ? "exited with " + client.exitValue()
                                        : "did not end within " + CLIENT_TIMEOUT.toSeconds() + " s",
                                output));
            }
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while " + mainClass + " ran.", e);
        }
    }

    /** The last lines of every process's output and log, for a test that failed. */
    public String tail(int lines) {
        return processes()
                .map(process -> "=== %s (pid %d, %s)%n%s"
                        .formatted(
                                process.name(),
                                process.pid(),
                                process.isAlive() ? "alive" : "exit " + process.exitCode(),
                                process.tail(lines)))
                .collect(Collectors.joining());
    }

    /** Makes this cluster outlive the JVM: neither {@link #close()} nor the shutdown hook ends it any more. */
    public void release() {
        Runtime.getRuntime().removeShutdownHook(hook);
        taskManagers.removeIf(taskManager -> !taskManager.isAlive());
        released = true;
    }

    /** Kills all processes and returns when they are gone. */
    @Override
    public void close() {
        if (released) {
            return;
        }
        killAll();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The JVM is shutting down already; the hook does the same again.
        }
    }

    private void killAll() {
        processes().forEach(FlinkProcess::kill);
    }

    private Stream<FlinkProcess> processes() {
        // The hook may run before they were started.
        return Stream.of(Stream.ofNullable(jobManager), taskManagers.stream(), servers())
                .flatMap(Function.identity());
    }

    private Stream<FlinkProcess> servers() {
        return zooKeeper == null ? Stream.empty() : zooKeeper.map(ZooKeeper::process).stream();
    }

    private FlinkProcess startJobManager() {
        int heapMiB = setup.jobManagerHeapMiB();
        List<String> flags = new ArrayList<>(List.of("-Xms" + heapMiB + "m", "-Xmx" + heapMiB + "m"));
        flags.addAll(setup.jobManagerJvmFlags());
        Map<String, String> options = new LinkedHashMap<>(commonOptions);
        zooKeeper.ifPresent(server -> options.putAll(ZooKeeper.OF_JOB_MANAGERS));
        jobManagers++;
        return startProcess(
                jobManagers == 1 ? JOB_MANAGER : JOB_MANAGER + "-" + jobManagers,
                setup.jobManagerMainClass(),
                flags,
                options,
                TaskManagerStart.USUAL);
    }

    private FlinkProcess startProcess(
            String name, String mainClass, List<String> flags, Map<String, String> options, TaskManagerStart start) {
        Path directory = setup.directory().resolve(name);
        options.put("io.tmp.dirs", directory.resolve("tmp").toString());
        options.putAll(setup.options());
        options.putAll(start.options());
        ProcessFiles files = ProcessFiles.create(directory, name, options);
        List<String> command = new ArrayList<>(jvm.with(start).command(files, mainClass, flags));
        command.addAll(List.of("--configDir", files.conf().toString()));
        if (name.startsWith(JOB_MANAGER)) {
            command.addAll(setup.jobManagerArguments());
        }
        List<String> placed =
                start.cgroup().map(cgroup -> cgroup.command(command)).orElse(command);
        return FlinkProcess.start(files, placed, setup.environment());
    }

    private Map<String, String> commonOptions(int restPort, int rpcPort) {
        Map<String, String> options = new TreeMap<>();
        options.put("jobmanager.rpc.address", "127.0.0.1");
        options.put("jobmanager.rpc.port", Integer.toString(rpcPort));
        options.put("jobmanager.bind-host", "127.0.0.1");
        options.put("rest.address", "127.0.0.1");
        options.put("rest.bind-address", "127.0.0.1");
        options.put("rest.port", Integer.toString(restPort));
        options.put("rest.bind-port", Integer.toString(restPort));
        options.put("taskmanager.host", "127.0.0.1");
        options.put("taskmanager.bind-host", "127.0.0.1");
        options.put(
                "pekko.startup-timeout", START_TIMEOUT.toSeconds() + " s"); // else 10 s, too short for a busy machine
        options.put("taskmanager.memory.segment-size", "32k");
        options.put("web.refresh-interval", "500 ms"); // else REST answers with an execution graph 3 s old
        options.put("web.submit.enable", "false");
        options.putAll(setup.options());
        return options;
    }

    private void failIfNewlyDead() {
        processes()
                .filter(process -> !process.isAlive() && process.exitCode() != 128 + 9)
                .findFirst()
                .ifPresent(dead -> {
                    throw new IllegalStateException("%s (pid %d) exited with %d instead of serving.%n%s"
                            .formatted(dead.name(), dead.pid(), dead.exitCode(), dead.tail(FAILURE_TAIL_LINES)));
                });
    }

    static String joined(List<Path> classPath) {
        return classPath.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }
}
