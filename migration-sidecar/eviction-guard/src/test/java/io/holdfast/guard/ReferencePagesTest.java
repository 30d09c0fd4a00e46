package io.holdfast.guard;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What the documents say of the guard is what it does. */
class ReferencePagesTest {
    private static final Path DOCS = Path.of("../../docs");

    @Test
    void everyMeterHasARowAndEveryRowAMeter() throws Exception {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        new GuardMetrics(registry).show(() -> 0, () -> 0, () -> 0);

        Set<String> rows = Pattern.compile("(?m)^\\| `(holdfast\\.guard[^`]*)` \\|.*Look at it when ")
                .matcher(Files.readString(DOCS.resolve("reference/metrics.md")))
                .results()
                .map(row -> row.group(1))
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(rows)
                .isEqualTo(registry.getMeters().stream()
                        .map(meter -> meter.getId().getName())
                        .collect(Collectors.toCollection(TreeSet::new)));
        assertThat(registry.getMeters())
                .as("series")
                .hasSizeLessThanOrEqualTo(50)
                .extracting(Meter::getId)
                .allSatisfy(id -> assertThat(id.getDescription()).isNotBlank());
    }

    /** The manifest gives exactly what the API server double permits, and the program is tested with no more. */
    @Test
    void permissionsInTheManifestAreThoseThatTheProgramIsTestedWith() throws Exception {
        String page = Files.readString(DOCS.resolve("how-to/guard-evictions.md"));
        Set<String> given = new TreeSet<>();
        Pattern.compile("(?m)^ +resources: \\[([a-z/]+)].*\n(?: +resourceNames: .*\n)? +verbs: \\[([a-z, ]+)]")
                .matcher(page)
                .results()
                .forEach(rule -> {
                    for (String verb : rule.group(2).split(", ")) {
                        given.add(verb + " " + rule.group(1));
                    }
                });

        Set<String> permitted = new TreeSet<>(FakeApiServer.RBAC);
        permitted.addAll(FakeApiServer.RBAC_OF_EVICTION_REQUESTS);
        assertThat(given).isEqualTo(permitted);
    }
}
