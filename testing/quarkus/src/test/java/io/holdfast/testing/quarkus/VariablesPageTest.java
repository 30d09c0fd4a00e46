package io.holdfast.testing.quarkus;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class VariablesPageTest {
    @Test
    void javadocBecomesMarkdown() {
        assertThat(VariablesPage.markdown("""

                     * Where jars go: {@code lib}. See
                     * {@link Some#thing}.
                     *
                     * <p>Second paragraph.
                     """)).isEqualTo("Where jars go: `lib`. See `thing`.\n\nSecond paragraph.");
    }

    @Test
    void longLinesAreBroken() {
        String text = VariablesPage.markdown("word ".repeat(60));

        assertThat(text.lines()).hasSizeGreaterThan(1).allMatch(line -> line.length() <= 120);
        assertThat(text.replace("\n", " ")).isEqualTo("word ".repeat(60).strip());
    }
}
