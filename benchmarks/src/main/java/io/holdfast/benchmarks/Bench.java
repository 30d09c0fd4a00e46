package io.holdfast.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.holdfast.base.ExitCode;
import io.holdfast.base.HoldfastException;
import io.holdfast.base.Spelling;
import io.holdfast.benchmarks.jarcache.JarCacheBench;
import io.holdfast.benchmarks.resize.ResizeBench;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** {@code ./holdfast bench NAME}: the main class. Exit codes: 0 measured, 2 wrong usage. */
public final class Bench {

    static final String USAGE = """
            Usage: ./holdfast bench NAME [--quick] [--flink V]

            Measures on real clusters, with stock Flink beside Holdfast. Prints a table, writes target/bench/NAME.json.

              restart     the gap that the loss of a task or a TaskManager leaves in the output, what else restarts, how
                          exact the ledger is, what Holdfast costs while nothing is lost, and what a restart costs the
                          JobManager of a job of 2,000 subtasks; 22 minutes
              throughput  only what Holdfast costs while nothing is lost, which is part of the above; 12 minutes
              auto-partition
                          how much receivers of unequal speed serve, and how long records wait for them, beside stock
                          Flink's rebalance and its adaptive partitioner, which Flink 2.2 does not have: without it, its
                          figures are null; 20 minutes
              jar-cache   how long pods wait for their jars: from HDFS, from an image by the init container, and by cp
              resize      how long a TaskManager under load takes to grow and to shrink with the limit of its cgroup, beside
                          stock Flink, with a garbage collection and without; what its job notices, and what it costs while
                          nothing is resized; needs root and v1 memory cgroups; 30 minutes

              migration   the gap that the eviction of a TaskManager leaves in the output when Holdfast moves its tasks before,
                          with 10 MB and with 1 GB of state on it, beside stock Flink that loses it, and that is stopped
                          with a savepoint before; how long moves take; and how long tasks restore 1 GB that was handed over
                          beside 1 GB that is read from an HDFS; 46 minutes
              handoff     only the last of these, which is part of the above; 6 minutes

              --quick     fewer repetitions: 9, 5, 8, 4, 6, 18 and 3 minutes, and less certain figures
              --flink V   2.2 or 2.3; the default is 2.3 for auto-partition, and 2.2 for the others
              --help      this text
            """;

    private static final int WRONG_USAGE = 2;
    private static final String AUTO_PARTITION = "auto-partition";
    private static final String JAR_CACHE = "jar-cache";
    private static final String RESIZE = "resize";
    private static final String MIGRATION = "migration";
    private static final String HANDOFF = "handoff";
    private static final List<String> NAMES =
            List.of("restart", "throughput", AUTO_PARTITION, JAR_CACHE, RESIZE, MIGRATION, HANDOFF);
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS");

    private Bench() {}

    public static void main(String[] args) {
        System.exit(run(List.of(args), System.out, System.err));
    }

    static int run(List<String> args, PrintStream out, PrintStream err) {
        try {
            if (args.isEmpty()) {
                throw new UsageException("bench needs the name of a benchmark.");
            }
            if (args.contains("--help") || args.contains("-h")) {
                out.print(USAGE);
                return ExitCode.DONE;
            }
            String name = args.get(0);
            if (!NAMES.contains(name)) {
                throw new UsageException("'%s' is not a benchmark.%s"
                        .formatted(
                                name,
                                Spelling.closest(name, NAMES)
                                        .map(close -> " Did you mean " + close + "?")
                                        .orElse("")));
            }
            Arguments arguments = new Arguments(args.subList(1, args.size()), Set.of("--quick"), Set.of("--flink"));
            Installation installation =
                    Installation.find(arguments.choice("--flink", usualMinor(name), Installation.MINORS));
            measure(name, installation, arguments.has("--quick"), out);
            return ExitCode.DONE;
        } catch (UsageException e) {
            err.println(e.getMessage());
            err.println();
            err.print(USAGE);
            return WRONG_USAGE;
        } catch (HoldfastException e) {
            err.println(e.getMessage());
            return ExitCode.BAD_CONFIGURATION;
        } catch (IOException | RuntimeException e) {
            e.printStackTrace(err);
            return ExitCode.INTERNAL;
        }
    }

    /** The one that has all that is to be compared. */
    static String usualMinor(String name) {
        return name.equals(AUTO_PARTITION) ? "2.3" : "2.2";
    }

    private static void measure(String name, Installation installation, boolean quick, PrintStream out)
            throws IOException {
        Path directory = installation.target("bench");
        Path clusters = directory.resolve(name);
        Directories.empty(clusters);
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("flink", installation.flinkMinor());
        figures.put("quick", quick);
        figures.put("processors", Runtime.getRuntime().availableProcessors());
        Consumer<String> log = line -> out.println(LocalTime.now().format(TIME) + " " + line);
        figures.putAll(
                switch (name) {
                    case "restart" -> new RestartBench(installation, quick, clusters, log).run();
                    case "throughput" -> ThroughputWindows.all(installation, quick, clusters, log);
                    case AUTO_PARTITION -> new AutoPartitionBench(installation, quick, clusters, log).run();
                    case JAR_CACHE -> new JarCacheBench(installation.home(), quick, clusters, log).run();
                    case RESIZE ->
                        new ResizeBench(installation.home(), installation.flinkMinor(), quick, clusters, log).run();
                    case MIGRATION -> new MigrationBench(installation, quick, clusters, log).run();
                    case HANDOFF ->
                        new HandoffBench(installation, quick, clusters, log)
                                .run()
                                .alone();
                    default -> throw new IllegalArgumentException(name);
                });
        figures.replaceAll(
                (key, value) -> value instanceof Double figure && figure.isNaN() ? null : value); // not in JSON
        Path file = directory.resolve(name + ".json");
        Files.write(
                file,
                new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsBytes(figures));
        out.println();
        int width = figures.keySet().stream().mapToInt(String::length).max().orElse(1);
        figures.forEach((key, value) -> {
            if (value instanceof Number number) {
                out.printf(Locale.ROOT, "%-" + width + "s %12s%n", key, figure(number.doubleValue()));
            }
        });
        out.println();
        out.println("Written: " + file);
    }

    private static String figure(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e9
                ? String.format(Locale.ROOT, "%,.0f", value)
                : String.format(Locale.ROOT, "%,.3f", value);
    }
}
