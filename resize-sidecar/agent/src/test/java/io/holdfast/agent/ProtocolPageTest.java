package io.holdfast.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.agent.control.Command;
import io.holdfast.agent.heap.HeapMethod;
import io.holdfast.agent.report.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The page of the protocol has all that there is. */
class ProtocolPageTest {
    private final String page;

    ProtocolPageTest() throws IOException {
        page = Files.readString(Path.of("../../docs/reference/agent-protocol.md"));
    }

    @ParameterizedTest
    @EnumSource
    void everyErrorCodeIsThere(ErrorCode code) {
        assertThat(page.substring(page.indexOf("## Error codes"))).contains("`" + code.wire() + "`");
    }

    @ParameterizedTest
    @EnumSource
    void everyCommandHasItsHeading(Command command) {
        assertThat(page).containsPattern("\n### `" + command.wire() + "[ `]");
    }

    @ParameterizedTest
    @EnumSource
    void everyMethodIsThere(HeapMethod method) {
        assertThat(page.substring(page.indexOf("## How the ceiling"))).contains("`" + method.wire() + "`");
    }

    @ParameterizedTest
    @ValueSource(strings = {"socket", "heap", "direct", "giveway"})
    void everyOptionIsThere(String option) {
        assertThat(page.substring(page.indexOf("## Options"))).contains("| `" + option + "` |");
    }

    @ParameterizedTest
    @ValueSource(classes = {HeapMXBean.class, DirectMemoryMXBean.class})
    void everyAttributeOfTheBeansIsThere(Class<?> bean) {
        for (var method : bean.getMethods()) {
            assertThat(page.substring(page.indexOf("## Metrics")))
                    .contains("`" + method.getName().replaceFirst("^get", ""));
        }
    }
}
