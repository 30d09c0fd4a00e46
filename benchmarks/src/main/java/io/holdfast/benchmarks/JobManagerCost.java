package io.holdfast.benchmarks;

import io.holdfast.benchmarks.jobmanager.RestartCost;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Time that a restart takes of the JobMaster's main thread, which it has for the whole job, at 200 and 2,000 subtasks.
 *
 * <p>A job of 2,000 subtasks does not fit on this machine; its JobMaster does. Its scheduler, checkpoint coordinator and
 * slot pool are real and have a completed checkpoint with state of every subtask; its TaskManagers only answer. Each
 * figure is a median over restarts in a JVM of its own.
 */
final class JobManagerCost implements Measurement {

    private static final Program JOB_MASTER = new Program("The simulated JobMaster", 5);
    private static final int WARM_UPS = 40;
    private static final int RESTARTS = 31;
    /** Each is of all tasks, which warms up sooner. */
    private static final int STOCK_WARM_UPS = 6;

    private static final int STOCK_RESTARTS = 11;

    /** A job: its name in keys, and its shape. */
    private record Size(String name, int vertices, int parallelism, boolean unionLists) {}

    private static final Size SMALL = new Size("200_subtasks", 4, 50, false);
    private static final Size LARGE = new Size("2000_subtasks", 4, 500, false);
    /** As many subtasks as the large job, and a lost one has as many channels as in the small job. */
    private static final Size LONG = new Size("2000_subtasks_in_40_vertices", 40, 50, false);

    private static final Size UNION = new Size("2000_subtasks_with_union_lists", 4, 500, true);

    @Override
    public Map<String, Double> measure(Installation installation) throws IOException {
        Map<String, Double> figures = new LinkedHashMap<>();
        Path directory = installation.target("bench").resolve("restart").resolve("jobmanager");
        for (Size size : List.of(SMALL, LARGE, LONG, UNION)) {
            add(figures, "", size, run(installation, directory, Engine.HOLDFAST, size, WARM_UPS, RESTARTS));
        }
        for (Size size : List.of(SMALL, LARGE)) {
            add(
                    figures,
                    "stock_",
                    size,
                    run(installation, directory, Engine.STOCK, size, STOCK_WARM_UPS, STOCK_RESTARTS));
        }
        for (String by : List.of("jm_restore_ms_", "jm_restore_cpu_ms_")) {
            String key = by.replace("ms_", "growth_200_to_2000");
            figures.put(key, growth(figures, by, LARGE));
            figures.put(key + "_same_channels", growth(figures, by, LONG));
            figures.put("stock_" + key, growth(figures, "stock_" + by, LARGE));
        }
        return figures;
    }

    private static double growth(Map<String, Double> figures, String key, Size to) {
        return figures.get(key + to.name) / figures.get(key + SMALL.name);
    }

    /** Losses of a TaskManager are of eight tasks in jobs of four vertices; in longer ones they are another thing. */
    private static void add(Map<String, Double> figures, String prefix, Size size, Map<String, Double> measured) {
        figures.put(prefix + "jm_restore_ms_" + size.name, measured.get("task_restore_ms"));
        figures.put(prefix + "jm_restore_cpu_ms_" + size.name, measured.get("task_restore_cpu_ms"));
        figures.put(prefix + "jm_settle_ms_" + size.name, measured.get("task_settle_ms"));
        if (size.vertices == SMALL.vertices) {
            figures.put(prefix + "jm_restore_8_tasks_ms_" + size.name, measured.get("tm_restore_ms"));
            figures.put(prefix + "jm_settle_8_tasks_ms_" + size.name, measured.get("tm_settle_ms"));
        }
    }

    private static Map<String, Double> run(
            Installation installation, Path directory, Engine engine, Size size, int warmUps, int restarts)
            throws IOException {
        String name = engine.name().toLowerCase(Locale.ROOT);
        Files.createDirectories(directory);
        Path output = directory.resolve(name + "-" + size.name + ".out");
        List<String> arguments = List.of(
                "-Xmx1g",
                "-cp",
                classPath(installation, engine),
                RestartCost.class.getName(),
                name,
                Integer.toString(size.vertices),
                Integer.toString(size.parallelism),
                Boolean.toString(size.unionLists),
                Integer.toString(warmUps),
                Integer.toString(restarts));
        JOB_MASTER.run(installation, arguments, output);
        return figures(Files.readAllLines(output, StandardCharsets.UTF_8));
    }

    private static String classPath(Installation installation, Engine engine) {
        List<String> parts = new ArrayList<>();
        if (engine == Engine.HOLDFAST) {
            parts.add(installation.holdfastJar().toString());
        }
        parts.add(installation.benchmarksJar().toString());
        parts.add(installation.flinkLibraries().resolve("*").toString());
        return String.join(File.pathSeparator, parts);
    }

    /** Figures among the lines that a {@link RestartCost} has printed. */
    static Map<String, Double> figures(List<String> lines) {
        Map<String, Double> figures = new LinkedHashMap<>();
        for (String line : lines) {
            if (line.startsWith(RestartCost.FIGURE)) {
                String[] parts = line.substring(RestartCost.FIGURE.length()).split(" ");
                figures.put(parts[0], Double.valueOf(parts[1]));
            }
        }
        return figures;
    }
}
