package io.holdfast.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VariablesTest {
    /** A whole name; what ends with an underscore or an asterisk is the beginning of several. */
    private static final Pattern NAME = Pattern.compile("\\bHOLDFAST(_[A-Z0-9]+)+\\b(?!\\*)");

    private static final Path ROOT = Path.of("../..");

    @Test
    void sectionsAreRead() {
        Variables variables = Variables.parse("""
                # comment
                [one]
                HOLDFAST_ONE_B
                HOLDFAST_ONE_A

                [the-other]
                HOLDFAST_OTHER
                HOLDFAST_ONE_A
                """);

        assertThat(variables.processes()).containsExactly("one", "the-other");
        assertThat(variables.of("one")).containsExactly("HOLDFAST_ONE_A", "HOLDFAST_ONE_B");
        assertThat(variables.names()).containsExactly("HOLDFAST_ONE_A", "HOLDFAST_ONE_B", "HOLDFAST_OTHER");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HOLDFAST_HOMELESS",
                "[a]\nHOLDFAST_B\nHOLDFAST_B",
                "[a]\n[a]",
                "[a]\nholdfast.b",
                "[a]\nHOLDFAST_",
                "[a]\nHOLDFAST_B=1",
                "[A]",
            })
    void fileThatIsWrongIsNotRead(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> Variables.parse(text));
    }

    @Test
    void unknownProcessIsAnError() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Variables.all().of("nobody"))
                .withMessage("variables.txt has no section [nobody]");
    }

    @Test
    void noVariableHasANameThatKubernetesMayGive() {
        assertThat(Variables.all().names()).isNotEmpty();

        EnvironmentGuard.ofAllProcesses(); // throws if one has
    }

    @Test
    void entryPointOfFlinkContainersReadsItsSection() throws IOException {
        assertThat(namesIn(ROOT.resolve("images/flink/holdfast-entrypoint.sh")))
                .isEqualTo(Variables.all().of("flink-container"));
    }

    @Test
    void documentsAndTheDemoNameNoOtherVariable() throws IOException {
        Set<String> named = new TreeSet<>();
        for (String place :
                new String[] {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs", "images", "demo/src"}) {
            try (Stream<Path> files = Files.walk(ROOT.resolve(place))) {
                for (Path file : files.filter(path -> path.toString().matches(".*\\.(md|sh|java|ya?ml|html|json)"))
                        .toList()) {
                    named.addAll(namesIn(file));
                }
            }
        }

        assertThat(named).isNotEmpty();
        assertThat(Variables.all().names()).containsAll(named);
    }

    @Test
    void referencePageHasEveryVariableInTheSectionOfItsProcess() throws IOException {
        String page = Files.readString(ROOT.resolve("docs/reference/variables.md"));

        for (String process : Variables.all().processes()) {
            assertThat(page).containsOnlyOnce("\n## `" + process + "`\n");
            String section = page.split("\n## `" + process + "`\n")[1].split("\n## ")[0];
            assertThat(section.lines().filter(line -> line.startsWith("### ")))
                    .as("variables of %s on the page", process)
                    .containsExactlyInAnyOrderElementsOf(Variables.all().of(process).stream()
                            .map(name -> "### `" + name + "`")
                            .toList());
        }
    }

    private static Set<String> namesIn(Path file) throws IOException {
        return NAME.matcher(Files.readString(file))
                .results()
                .map(MatchResult::group)
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
