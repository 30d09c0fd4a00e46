package io.holdfast.benchmarks.autopartition;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/**
 * The directory through which a program and a {@link ServingJob} talk: {@code job.properties} says what the job is,
 * {@code window} is a {@link WindowFile}, {@code result-<window>-<receiver>} a {@link WindowResult}.
 */
public record ServingRun(Path path) {

    private static final String SCENARIO = "scenario";
    private static final String PRODUCERS = "producers";
    private static final String PAYLOAD = "payload-bytes";
    private static final String OPTION = "option.";

    /**
     * What the job is.
     *
     * @param producers number of subtasks that send
     * @param payloadBytes that a record carries
     * @param options of Flink, for this job only
     */
    public record Settings(Scenario scenario, int producers, int payloadBytes, Map<String, String> options) {}

    /** Makes the directory. */
    public void create(Settings settings) throws IOException {
        Files.createDirectories(path);
        Properties properties = new Properties();
        properties.setProperty(SCENARIO, settings.scenario.name());
        properties.setProperty(PRODUCERS, Integer.toString(settings.producers));
        properties.setProperty(PAYLOAD, Integer.toString(settings.payloadBytes));
        settings.options.forEach((key, value) -> properties.setProperty(OPTION + key, value));
        try (Writer writer = Files.newBufferedWriter(file())) {
            properties.store(writer, null);
        }
    }

    Settings settings() throws IOException {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file())) {
            properties.load(reader);
        }
        Map<String, String> options = new TreeMap<>();
        for (String key : properties.stringPropertyNames()) {
            if (key.startsWith(OPTION)) {
                options.put(key.substring(OPTION.length()), properties.getProperty(key));
            }
        }
        String name = properties.getProperty(SCENARIO);
        Scenario scenario = Scenario.ALL.stream()
                .filter(one -> one.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("No scenario " + name));
        return new Settings(
                scenario,
                Integer.parseInt(properties.getProperty(PRODUCERS)),
                Integer.parseInt(properties.getProperty(PAYLOAD)),
                options);
    }

    public WindowFile window() throws IOException {
        return WindowFile.at(path.resolve("window"));
    }

    public Path result(long window, int receiver) {
        return path.resolve("result-%d-%d".formatted(window, receiver));
    }

    private Path file() {
        return path.resolve("job.properties");
    }
}
