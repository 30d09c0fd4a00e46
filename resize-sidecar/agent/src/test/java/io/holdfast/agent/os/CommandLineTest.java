package io.holdfast.agent.os;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandLineTest {
    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "-Xmx1530082070, 1530082070",
        "-Xmx64k, 65536",
        "-Xmx1587M, 1664090112",
        "-Xmx4g, 4294967296",
        "-XX:MaxHeapSize=2T, 2199023255552"
    })
    void sizesAreReadAsTheJvmReadsThem(String argument, long bytes) {
        assertThat(new CommandLine(List.of("java", argument)).firstHeap()).hasValue(bytes);
    }

    @Test
    void firstOneIsMeant() {
        CommandLine line = new CommandLine(List.of("-Xms1g", "-Xmx1g", "-Xmx2g", "-XX:MaxDirectMemorySize=3m"));

        assertThat(line.firstHeap()).hasValue(1 << 30);
        assertThat(line.firstDirect()).hasValue(3 << 20);
    }

    @Test
    void whatIsNotThereOrNotASizeIsNone() {
        assertThat(new CommandLine(List.of("-Xmxlots", "-Xmx99999999999t")).firstHeap())
                .isEmpty();
        assertThat(new CommandLine(List.of()).firstDirect()).isEmpty();
    }
}
