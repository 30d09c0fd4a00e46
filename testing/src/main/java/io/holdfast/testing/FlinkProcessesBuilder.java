package io.holdfast.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;

/** Describes a {@link FlinkProcesses} cluster: class path, sizes, Flink options. Every setting but the jars has a default. */
public final class FlinkProcessesBuilder {

    /** The JobManager's main class in stock Flink. */
    public static final String STOCK_SESSION_MAIN =
            "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint";

    private final Path directory;
    private final Map<String, String> options = new LinkedHashMap<>();
    private final Map<String, String> environment = new LinkedHashMap<>();
    private final List<String> jvmFlags = new ArrayList<>();
    private final List<String> jobManagerJvmFlags = new ArrayList<>();
    private final List<String> taskManagerJvmFlags = new ArrayList<>();
    private List<Path> flinkJars = List.of();
    private List<Path> jars = List.of();
    private String jobManagerMainClass = STOCK_SESSION_MAIN;
    private List<String> jobManagerArguments = List.of();
    private int taskManagers = 2;
    private int slots = 2;
    private int restPort;
    private boolean highAvailability;
    private int jobManagerHeapMiB = 256;
    private int taskManagerMemoryMiB = 448;
    private int networkMiB = 64;
    private int managedMiB;
    private int offHeapMiB = TaskManagerMemory.OFF_HEAP_MIB;
    private int overheadMiB = TaskManagerMemory.OVERHEAD_MIB;
    private Function<String, TaskManagerStart> starts = name -> TaskManagerStart.USUAL;

    FlinkProcessesBuilder(Path directory) {
        this.directory = directory.toAbsolutePath();
    }

    /** Directory with all jars of stock Flink; they come last on the class path. */
    public FlinkProcessesBuilder flinkLibraries(Path libraries) {
        this.flinkJars = jarsIn(libraries);
        return this;
    }

    /** Jars before Flink's, in this order: Holdfast, the job. Directories with classes will do. */
    public FlinkProcessesBuilder jars(List<Path> jars) {
        for (Path jar : jars) {
            if (!Files.exists(jar)) {
                throw new IllegalArgumentException(jar + " does not exist. Build it first.");
            }
        }
        this.jars = jars.stream().map(Path::toAbsolutePath).toList();
        return this;
    }

    public FlinkProcessesBuilder jobManagerMainClass(String mainClass) {
        this.jobManagerMainClass = mainClass;
        return this;
    }

    /** Arguments after {@code --configDir}; application clusters name their job here. */
    public FlinkProcessesBuilder jobManagerArguments(List<String> arguments) {
        this.jobManagerArguments = List.copyOf(arguments);
        return this;
    }

    public FlinkProcessesBuilder taskManagers(int count) {
        this.taskManagers = count;
        return this;
    }

    public FlinkProcessesBuilder slotsPerTaskManager(int count) {
        this.slots = count;
        return this;
    }

    /** With Flink's own ZooKeeper, so that {@link FlinkProcesses#restartJobManager} goes on with the jobs there were. */
    public FlinkProcessesBuilder highAvailability() {
        this.highAvailability = true;
        return this;
    }

    /** Heap of the JobManager's JVM; the default is 256 MiB. */
    public FlinkProcessesBuilder jobManagerHeapMiB(int sizeMiB) {
        this.jobManagerHeapMiB = sizeMiB;
        return this;
    }

    /** All memory of one TaskManager's JVM; the default is 448 MiB. What the other parts leave is heap. */
    public FlinkProcessesBuilder taskManagerMemoryMiB(int sizeMiB) {
        this.taskManagerMemoryMiB = sizeMiB;
        return this;
    }

    /** Network buffers of one TaskManager; the default is 64 MiB. */
    public FlinkProcessesBuilder networkMemoryMiB(int sizeMiB) {
        this.networkMiB = sizeMiB;
        return this;
    }

    /** Managed memory of one TaskManager; the default is 0, enough for state on the heap. */
    public FlinkProcessesBuilder managedMemoryMiB(int sizeMiB) {
        this.managedMiB = sizeMiB;
        return this;
    }

    /** Direct memory of one TaskManager besides network buffers; the default is 64 MiB, half of it Flink's own. */
    public FlinkProcessesBuilder offHeapMemoryMiB(int sizeMiB) {
        this.offHeapMiB = sizeMiB;
        return this;
    }

    /** What one TaskManager's JVM needs for itself; the default is 32 MiB, too little where a limit enforces the sum. */
    public FlinkProcessesBuilder overheadMemoryMiB(int sizeMiB) {
        this.overheadMiB = sizeMiB;
        return this;
    }

    /** What is different for some TaskManagers, by resource id ({@code tm-1} and so on). Asked at each one's start. */
    public FlinkProcessesBuilder taskManagerStarts(Function<String, TaskManagerStart> starts) {
        this.starts = starts;
        return this;
    }

    /** Port of REST and web interface on 127.0.0.1; 0, the default, chooses a free one. */
    public FlinkProcessesBuilder restPort(int port) {
        this.restPort = port;
        return this;
    }

    /** A Flink option for all processes; wins over what this class would set. */
    public FlinkProcessesBuilder option(String key, String value) {
        options.put(key, value);
        return this;
    }

    /** Flink options for all processes; they win over what this class would set. */
    public FlinkProcessesBuilder options(Map<String, String> more) {
        options.putAll(more);
        return this;
    }

    /** An environment variable for all processes, besides those of this JVM. */
    public FlinkProcessesBuilder environment(String name, String value) {
        environment.put(name, value);
        return this;
    }

    /** A JVM flag for all processes. */
    public FlinkProcessesBuilder jvmFlag(String flag) {
        jvmFlags.add(flag);
        return this;
    }

    public FlinkProcessesBuilder jobManagerJvmFlag(String flag) {
        jobManagerJvmFlags.add(flag);
        return this;
    }

    public FlinkProcessesBuilder taskManagerJvmFlag(String flag) {
        taskManagerJvmFlags.add(flag);
        return this;
    }

    /** The heap that these sizes leave to one TaskManager, in MiB: the first {@code -Xmx} on its command line. */
    public int taskManagerHeapMiB() {
        return memory().heapMiB();
    }

    /** Starts all processes and returns when every TaskManager is registered. Leaves none behind if one fails. */
    public FlinkProcesses start() {
        if (flinkJars.isEmpty()) {
            throw new IllegalStateException("No Flink jars given. Call flinkLibraries(directory).");
        }
        FlinkProcesses cluster = new FlinkProcesses(this);
        try {
            for (int i = 0; i < taskManagers; i++) {
                cluster.startTaskManager();
            }
            cluster.awaitTaskManagers(taskManagers);
            return cluster;
        } catch (RuntimeException | Error e) {
            cluster.close();
            throw e;
        }
    }

    private static List<Path> jarsIn(Path libraries) {
        try (Stream<Path> files = Files.list(libraries)) {
            List<Path> jars = files.filter(file -> file.toString().endsWith(".jar"))
                    .map(Path::toAbsolutePath)
                    .sorted()
                    .toList();
            if (jars.isEmpty()) {
                throw new IllegalArgumentException(libraries + " holds no jar. Build testing/flink-dist first.");
            }
            return jars;
        } catch (IOException e) {
            throw new UncheckedIOException(libraries + " is not readable. Build testing/flink-dist first.", e);
        }
    }

    Path directory() {
        return directory;
    }

    List<Path> classPath() {
        return Stream.concat(jars.stream(), flinkJars.stream()).toList();
    }

    TaskManagerMemory memory() {
        return TaskManagerMemory.of(taskManagerMemoryMiB, networkMiB, managedMiB, offHeapMiB, overheadMiB);
    }

    TaskManagerStart taskManagerStart(String name) {
        return starts.apply(name);
    }

    Map<String, String> options() {
        return options;
    }

    Map<String, String> environment() {
        return environment;
    }

    List<String> jvmFlags() {
        return jvmFlags;
    }

    List<String> jobManagerJvmFlags() {
        return jobManagerJvmFlags;
    }

    List<String> taskManagerJvmFlags() {
        return taskManagerJvmFlags;
    }

    String jobManagerMainClass() {
        return jobManagerMainClass;
    }

    List<String> jobManagerArguments() {
        return jobManagerArguments;
    }

    int slots() {
        return slots;
    }

    int restPort() {
        return restPort;
    }

    boolean isHighlyAvailable() {
        return highAvailability;
    }

    int jobManagerHeapMiB() {
        return jobManagerHeapMiB;
    }
}
