package io.holdfast.flink.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FlinkVersionGuardTest {

    @ParameterizedTest
    @ValueSource(strings = {"2.2", "2.2.0", "2.2.1", "2.2.17", "2.2-SNAPSHOT", "2.2.1-vendor4"})
    void everyPatchOfTheMinorIsFine(String running) {
        assertThatCode(() -> FlinkVersionGuard.requireMinor("2.2", running)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource({"2.2, 2.3.0", "2.3, 2.2.1", "2.2, 2.20.0", "2.2, 1.20.2", "2.2, 2.20", "2.2, <unknown>"})
    void otherMinorIsFatalAndSaysWhichJarToTake(String built, String running) {
        HoldfastException failure =
                catchThrowableOfType(HoldfastException.class, () -> FlinkVersionGuard.requireMinor(built, running));

        assertThat(failure.disposition()).isEqualTo(Disposition.FATAL);
        assertThat(failure)
                .hasMessage(
                        "This jar is for Flink %s but Flink %s is running. Put the holdfast-flink jar built for"
                                + " Flink %s into lib/, and remove this one.",
                        built, running, running);
    }

    @Test
    void oneJarIsFine() {
        assertThatCode(() -> FlinkVersionGuard.requireOne(List.of(copy("a")))).doesNotThrowAnyException();
    }

    @Test
    void secondJarIsFatalAndBothAreNamed() throws MalformedURLException {
        List<URL> copies = List.of(copy("holdfast-flink-2.2"), copy("holdfast-flink-2.3"));

        HoldfastException failure =
                catchThrowableOfType(HoldfastException.class, () -> FlinkVersionGuard.requireOne(copies));

        assertThat(failure.disposition()).isEqualTo(Disposition.FATAL);
        assertThat(failure)
                .hasMessageStartingWith("2 holdfast-flink jars are on the class path: ")
                .hasMessageContaining("holdfast-flink-2.2.jar")
                .hasMessageContaining("holdfast-flink-2.3.jar")
                .hasMessageContaining("Keep the one that fits this Flink in lib/, and remove the others.");
    }

    @Test
    void jarIsBuiltForTheFlinkItIsTestedWith() {
        assertThatCode(FlinkVersionGuard::check).doesNotThrowAnyException();

        assertThat(FlinkVersionGuard.build().getProperty("flink.minor")).matches("\\d+\\.\\d+");
    }

    private static URL copy(String name) throws MalformedURLException {
        return URI.create("file:/lib/" + name + ".jar").toURL();
    }
}
