package io.holdfast.flink.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What {@code docs/reference/moves-api.yaml} says is what the handlers take and give. */
class MovesApiTest {

    private String page;

    @BeforeEach
    void read() throws Exception {
        Path directory = Path.of("").toAbsolutePath();
        while (!Files.exists(directory.resolve("docs/reference"))) {
            directory = directory.getParent();
        }
        page = Files.readString(directory.resolve("docs/reference/moves-api.yaml"));
    }

    @Test
    void everyResourceIsInTheDocumentAndNoOther() {
        Map<String, Set<String>> documented = new TreeMap<>();
        found("(?m)^  (/[^:\n]*):\n((?:    .*\n)+)", page)
                .forEach(path -> documented.put(
                        path.group(1),
                        found("(?m)^    ([a-z]+):", path.group(2))
                                .map(method -> method.group(1))
                                .filter(method -> !method.equals("parameters"))
                                .collect(Collectors.toCollection(TreeSet::new))));

        Map<String, Set<String>> actual = new TreeMap<>();
        for (MoveHeaders<?, ?> resource : MoveHeaders.ALL) {
            String path = resource.getTargetRestEndpointURL().replaceAll(":([a-z]+)", "{$1}");
            actual.computeIfAbsent(path, ignored -> new TreeSet<>())
                    .add(resource.getHttpMethod().name().toLowerCase(Locale.ROOT));
        }
        assertThat(documented).isEqualTo(actual);
    }

    @Test
    void everyFieldOfARequestIsInTheDocumentAndNoOther() {
        assertThat(properties("Start")).isEqualTo(MoveOrder.FIELDS);
    }

    @Test
    void everyFieldOfAViewIsInTheDocumentAndNoOther() {
        Map<String, Serializable> failed = MoveViewsTest.part("m", 1, "a", "FAILED");

        assertThat(properties("Move"))
                .isEqualTo(new TreeSet<>(MoveViews.whole(List.of(failed)).keySet()));
        assertThat(properties("Job")).isEqualTo(new TreeSet<>(MoveViews.OF_JOB));
        Map<String, Serializable> leaving = MoveViewsTest.oneLeaving("tm-1", 1L, "guard", "m");
        assertThat(properties("Leaving")).isEqualTo(new TreeSet<>(leaving.keySet()));
    }

    @Test
    void statesAndStepsAreAsInTheDocument() {
        assertThat(values("State"))
                .isEqualTo(Stream.concat(MoveViews.WAY.stream(), MoveViews.ENDS.stream())
                        .toList());
        assertThat(values("Step")).isEqualTo(MoveViews.STEPS);
    }

    private Set<String> properties(String schema) {
        String properties = found("(?m)^      properties:\n((?:        .*\n)+)", schema(schema))
                .findFirst()
                .orElseThrow()
                .group(1);
        return found("(?m)^        ([A-Za-z]+):", properties)
                .map(property -> property.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private List<String> values(String schema) {
        String list = found("enum: \\[(.*)]", schema(schema))
                .findFirst()
                .orElseThrow()
                .group(1);
        return List.of(list.split(", "));
    }

    private String schema(String name) {
        return found("(?m)^    " + name + ":\n((?:      .*\n)+)", page)
                .findFirst()
                .orElseThrow(() -> new AssertionError("no schema " + name + " in the document"))
                .group(1);
    }

    private static Stream<MatchResult> found(String pattern, String text) {
        return Pattern.compile(pattern).matcher(text).results();
    }
}
