package io.holdfast.benchmarks.resize;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import io.holdfast.testing.InstalledJava;
import io.holdfast.testing.MemoryCgroup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What it takes to give a working TaskManager another memory limit: with Holdfast, in cycles of growing and shrinking; on
 * stock Flink, at once and after a garbage collection; and what it costs while nothing is resized. Limits are those of
 * real cgroups; the TaskManager is a JVM of its own in one, the sidecar is another process.
 */
public final class ResizeBench {

    /** What the sidecar's image has. */
    private static final int SIDECAR_JAVA = 25;

    private final Build build;
    private final Scale scale;
    private final Path directory;
    private final Consumer<String> log;

    /**
     * @param home a checkout in which everything that is needed is built
     * @param directory empty
     */
    public ResizeBench(Path home, String flinkMinor, boolean quick, Path directory, Consumer<String> log) {
        this.build = new Build(home, flinkMinor);
        this.scale = quick ? Scale.QUICK : Scale.FULL;
        this.directory = directory;
        this.log = log;
    }

    /** All figures by key, in order; those that could not be measured are NaN. */
    public Map<String, Object> run() throws IOException {
        MemoryCgroup.problem().ifPresent(problem -> {
            throw new HoldfastException(Disposition.FATAL, "No memory cgroup can be made", problem);
        });
        Path sidecarJava = InstalledJava.home(SIDECAR_JAVA).orElse(Path.of(System.getProperty("java.home")));
        Path sockets = Files.createTempDirectory("holdfast-resize-"); // short, as paths of sockets must be
        try {
            Map<String, Object> figures = new LinkedHashMap<>();
            figures.put("small_mib", scale.smallMiB());
            figures.put("large_mib", scale.largeMiB());
            figures.put("taskmanager_java", Runtime.version().feature());
            figures.put("sidecar_java", InstalledJava.release(sidecarJava));
            figures.putAll(new Cycles(scale, build, sidecarJava, directory, sockets.resolve("agent.sock"), log).run());
            Trials trials = new Trials(scale, build, directory, log);
            figures.putAll(trials.run(Trials.Way.STOCK));
            figures.putAll(trials.run(Trials.Way.GC_ONLY));
            figures.putAll(new SteadyWindows(scale, build, directory, sockets.resolve("held.sock"), log).run());
            return figures;
        } finally {
            for (String socket : new String[] {"agent.sock", "held.sock"}) {
                Files.deleteIfExists(sockets.resolve(socket));
            }
            Files.deleteIfExists(sockets);
        }
    }
}
