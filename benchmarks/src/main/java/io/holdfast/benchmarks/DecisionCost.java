package io.holdfast.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.Main;

/** What it costs to say which of 128 receivers gets a record, by JMH, in JVMs of its own. */
final class DecisionCost implements Measurement {

    private static final String BENCHMARK = "io.holdfast.flink.autopartition.RoutingBenchmark";
    private static final String KEY = "decision_ns_p128";
    private static final Program JMH = new Program("JMH", 5);

    private final boolean quick;

    DecisionCost(boolean quick) {
        this.quick = quick;
    }

    @Override
    public Map<String, Double> measure(Installation installation) throws IOException {
        Path directory = installation.target("bench").resolve("auto-partition").resolve("decision");
        Files.createDirectories(directory);
        Path output = directory.resolve("jmh.out");
        Path result = directory.resolve("jmh.json");
        List<String> arguments = new ArrayList<>(List.of(
                "-Djava.io.tmpdir=" + directory,
                "-Xmx256m",
                "-cp",
                String.join(
                        File.pathSeparator,
                        installation.holdfastJar().toString(),
                        installation.benchmarksJar().toString(),
                        installation.libraries().resolve("*").toString()),
                Main.class.getName(),
                BENCHMARK));
        arguments.addAll(List.of("-f", quick ? "1" : "2", "-wi", quick ? "2" : "3", "-i", quick ? "3" : "4"));
        arguments.addAll(List.of("-w", "1s", "-r", "1s", "-foe", "true", "-rf", "json", "-rff", result.toString()));
        JMH.run(installation, arguments, output);
        return figures(new ObjectMapper().readTree(result.toFile()));
    }

    /** Figures of JMH's result: the plain key is for the usual algorithm and the usual rate. */
    static Map<String, Double> figures(JsonNode runs) {
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put(KEY, Double.NaN); // first
        for (JsonNode run : runs) {
            JsonNode parameters = run.path("params");
            String algorithm = parameters.path("algorithm").asText();
            String rate = parameters.path("recordsPerSecond").asText();
            String key = KEY
                    + (algorithm.equals("SHORTEST_EXPECTED_DELAY") ? "" : "_power_of_two_choices")
                    + (rate.equals("1000000") ? "" : "_at_" + rate + "_per_second");
            figures.put(key, run.path("primaryMetric").path("score").asDouble());
        }
        return figures;
    }
}
