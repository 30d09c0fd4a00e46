package io.holdfast.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.agent.os.CommandLine;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class AgentOptionsTest {
    private static final Path SOCKET = Path.of("/tmp/default.sock");
    private static final CommandLine FLINKS = new CommandLine(
            List.of("java", "-Xmx1587m", "-XX:MaxDirectMemorySize=471859200", "-Xmx4g", "-XX:MaxDirectMemorySize=1g"));

    @Test
    void withoutOptionsNothingIsChanged() {
        assertThat(AgentOptions.parse("", FLINKS, SOCKET))
                .isEqualTo(new AgentOptions(SOCKET, OptionalLong.empty(), OptionalLong.empty(), true));
        assertThat(AgentOptions.parse("heap=max,direct=unchanged,giveway=on", FLINKS, SOCKET))
                .isEqualTo(AgentOptions.parse("", FLINKS, SOCKET));
    }

    @Test
    void everyOptionReachesItsSetting() {
        assertThat(AgentOptions.parse("socket=/run/a=b.sock,heap=1.5Gi,direct=64Mi,giveway=off", FLINKS, SOCKET))
                .isEqualTo(new AgentOptions(
                        Path.of("/run/a=b.sock"), OptionalLong.of(3L << 29), OptionalLong.of(64 << 20), false));
    }

    @Test
    void flinkMeansTheFirstOnTheCommandLine() {
        AgentOptions options = AgentOptions.parse("heap=flink,direct=flink", FLINKS, SOCKET);

        assertThat(options.heapBytes()).hasValue(1587L << 20);
        assertThat(options.directBytes()).hasValue(471859200);
    }

    @Test
    void allProblemsAreToldAtOnce() {
        assertThatThrownBy(() -> AgentOptions.parse(
                        "sokcet=/a,heap=lots,direct=,giveway=maybe,x", new CommandLine(List.of()), SOCKET))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'sokcet', did you mean socket?")
                .hasMessageContaining("heap=lots: 'lots' is not a size")
                .hasMessageContaining("direct has no value")
                .hasMessageContaining("giveway=maybe is neither on nor off")
                .hasMessageContaining("no option 'x', known are socket, heap, direct, giveway");
        assertThatThrownBy(() -> AgentOptions.parse("heap=1Gi,heap=2Gi", FLINKS, SOCKET))
                .hasMessageContaining("heap is given twice");
    }
}
