package io.holdfast.flink.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.description.HtmlFormatter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every option is listed, described, and on the reference page with the default it has. */
class HoldfastOptionsTest {

    private static final Pattern CODE = Pattern.compile("`([^`]+)`");
    private static final Pattern FIRST_CELL = Pattern.compile("^\\|\\s*\\[?`(holdfast\\.[^`]+)`");

    static List<ConfigOption<?>> options() {
        return HoldfastOptions.all();
    }

    @Test
    void everyDeclaredOptionButTheInternalOneIsListed() {
        List<ConfigOption<?>> declared = Arrays.stream(HoldfastOptions.class.getFields())
                .filter(field -> Modifier.isStatic(field.getModifiers()) && field.getType() == ConfigOption.class)
                .<ConfigOption<?>>map(field -> {
                    try {
                        return (ConfigOption<?>) field.get(null);
                    } catch (IllegalAccessException e) {
                        throw new IllegalStateException(e);
                    }
                })
                .filter(option -> !option.equals(HoldfastOptions.ENTRY_POINT))
                .toList();

        assertThat(declared).isNotEmpty().containsExactlyInAnyOrderElementsOf(HoldfastOptions.all());
    }

    @ParameterizedTest
    @MethodSource("options")
    void keyHasThePrefixAndADefault(ConfigOption<?> option) {
        assertThat(option.key()).startsWith(HoldfastOptions.PREFIX);
        assertThat(option.hasDefaultValue()).isTrue();
    }

    @ParameterizedTest
    @MethodSource("options")
    void referencePageHasTheOptionWithItsDefault(ConfigOption<?> option) throws IOException {
        assertThat(referencePage())
                .filteredOn(line -> line.contains("`" + option.key() + "`"))
                .as("lines of docs/reference/flink-options.md that name %s", option.key())
                .anyMatch(line -> CODE.matcher(line).results().anyMatch(code -> readsAsDefault(option, code.group(1))));
    }

    @ParameterizedTest
    @MethodSource("options")
    void referencePageHasTheDescriptionOfTheOption(ConfigOption<?> option) throws IOException {
        String description = new HtmlFormatter().format(option.description());

        assertThat(description).isNotBlank();
        assertThat(String.join(" ", referencePage()).replaceAll("\\s+", " ")).contains(description);
    }

    @Test
    void referencePageHasNoOptionThatDoesNotExist() throws IOException {
        assertThat(referencePage().stream()
                        .map(FIRST_CELL::matcher)
                        .filter(row -> row.find())
                        .map(row -> row.group(1)))
                .isNotEmpty()
                .isSubsetOf(
                        HoldfastOptions.all().stream().map(ConfigOption::key).toList());
    }

    private static <T> boolean readsAsDefault(ConfigOption<T> option, String text) {
        Configuration configuration = new Configuration();
        configuration.setString(option.key(), text);
        try {
            return configuration.get(option).equals(option.defaultValue());
        } catch (IllegalArgumentException notAValue) {
            return false;
        }
    }

    private static List<String> referencePage() throws IOException {
        Path directory = Path.of(System.getProperty("user.dir")).toAbsolutePath();
        while (!Files.isRegularFile(directory.resolve("holdfast"))) {
            directory = directory.getParent();
            assertThat(directory)
                    .as("a directory above the module with the launcher")
                    .isNotNull();
        }
        return Files.readAllLines(directory.resolve("docs/reference/flink-options.md"));
    }
}
