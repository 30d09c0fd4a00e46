package io.holdfast.migration;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.migration.plan.Phase;
import io.holdfast.migration.state.StateServer;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What the reference says of the sidecar is what it does. */
class ReferencePagesTest {
    private static final Path DOCS = Path.of("../../docs/reference");

    @Test
    void everyMeterHasARowAndEveryRowAMeter() throws Exception {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        Snapshot nothing = new Snapshot(Phase.QUIET, List.of(), Optional.empty(), Optional.empty(), "");
        new MigrationMetrics(registry).show(() -> nothing);

        Set<String> rows = Pattern.compile("(?m)^\\| `(holdfast\\.migration[^`]*)` \\|.*Look at it when ")
                .matcher(Files.readString(DOCS.resolve("metrics.md")))
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

    @Test
    void everyResourceIsInTheOpenApiDocumentAndNoOther() throws Exception {
        Map<String, Set<String>> documented = documented("migration-api.yaml");

        Map<String, Set<String>> actual = new TreeMap<>();
        for (Method method : MigrationResource.class.getDeclaredMethods()) {
            for (Class<? extends Annotation> verb : List.of(GET.class, POST.class, DELETE.class)) {
                if (method.isAnnotationPresent(verb)) {
                    jakarta.ws.rs.Path path = method.getAnnotation(jakarta.ws.rs.Path.class);
                    actual.computeIfAbsent("/" + path.value(), key -> new TreeSet<>())
                            .add(verb.getSimpleName().toLowerCase(Locale.ROOT));
                }
            }
        }

        assertThat(documented).isEqualTo(actual);
    }

    /** What it answers there is tested by StateServerTest, with the same paths. */
    @Test
    void stateIsDocumentedAsItIsServed() throws Exception {
        assertThat(documented("state-handoff-api.yaml"))
                .isEqualTo(Map.of(StateServer.LISTING, Set.of("get"), StateServer.FILE, Set.of("get")));
    }

    /** Paths and their methods. */
    private static Map<String, Set<String>> documented(String page) throws Exception {
        Map<String, Set<String>> documented = new TreeMap<>();
        Pattern.compile("(?m)^  (/[^:\n]*):\n((?:    .*\n)+)")
                .matcher(Files.readString(DOCS.resolve(page)))
                .results()
                .forEach(path -> documented.put(
                        path.group(1),
                        Pattern.compile("(?m)^    (get|post|put|patch|delete|head|options):")
                                .matcher(path.group(2))
                                .results()
                                .map(method -> method.group(1))
                                .collect(Collectors.toCollection(TreeSet::new))));
        return documented;
    }
}
