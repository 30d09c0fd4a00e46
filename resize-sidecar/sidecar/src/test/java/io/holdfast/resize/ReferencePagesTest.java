package io.holdfast.resize;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.resize.plan.Phase;
import io.holdfast.resize.plan.World;
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
import java.util.OptionalLong;
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
        ResizeMetrics metrics = new ResizeMetrics(registry);
        Snapshot nothing = new Snapshot(
                new World(
                        0,
                        OptionalLong.empty(),
                        OptionalLong.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        false,
                        Optional.empty()),
                Phase.STABLE,
                Optional.empty(),
                Optional.empty(),
                "",
                Optional.empty(),
                Optional.empty());
        metrics.show(() -> nothing);
        String page = Files.readString(DOCS.resolve("metrics.md"));
        String section = page.substring(page.indexOf("## Resize"));

        Set<String> rows = Pattern.compile("(?m)^\\| `(holdfast\\.resize[^`]*)` \\|.*Look at it when ")
                .matcher(section)
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
        String page = Files.readString(DOCS.resolve("resize-api.yaml"));
        Map<String, Set<String>> documented = new TreeMap<>();
        Pattern.compile("(?m)^  (/[^:\n]*):\n((?:    .*\n)+)")
                .matcher(page)
                .results()
                .forEach(path -> documented.put(
                        path.group(1),
                        Pattern.compile("(?m)^    ([a-z]+):")
                                .matcher(path.group(2))
                                .results()
                                .map(method -> method.group(1))
                                .collect(Collectors.toCollection(TreeSet::new))));

        Map<String, Set<String>> actual = new TreeMap<>();
        for (Method method : ResizeResource.class.getDeclaredMethods()) {
            for (Class<? extends Annotation> verb : List.of(GET.class, POST.class, DELETE.class)) {
                if (method.isAnnotationPresent(verb)) {
                    jakarta.ws.rs.Path path = method.getAnnotation(jakarta.ws.rs.Path.class);
                    actual.computeIfAbsent("/resize" + (path == null ? "" : path.value()), key -> new TreeSet<>())
                            .add(verb.getSimpleName().toLowerCase(Locale.ROOT));
                }
            }
        }

        assertThat(documented).isEqualTo(actual);
    }
}
