package io.holdfast.quarkus;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.base.Disposition;
import io.holdfast.base.ExitCode;
import io.holdfast.base.HoldfastException;
import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.ConfigValidationException.Problem;
import java.net.BindException;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EndingTest {
    @ParameterizedTest
    @CsvSource({"RETRYABLE, 75", "DEGRADED, 69", "FATAL, 78"})
    void dispositionGivesTheExitCode(Disposition disposition, int exitCode) {
        Ending ending = Ending.of(new HoldfastException(disposition, "The disk is full", "Free some of it"));

        assertThat(ending.exitCode()).isEqualTo(exitCode);
        assertThat(ending.sentences()).containsExactly("The disk is full. Free some of it.");
        assertThat(ending.unexpected()).isEmpty();
    }

    @Test
    void programMayChooseAnotherExitCode() {
        HoldfastException failure = new HoldfastException(Disposition.FATAL, "No source has a.jar", "Publish it");

        Ending ending = Ending.of(new ProgramFailure(ExitCode.UNAVAILABLE, failure));

        assertThat(ending.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
        assertThat(ending.sentences()).containsExactly("No source has a.jar. Publish it.");
    }

    @Test
    void causeThatIsKnownDecides() {
        Ending ending = Ending.of(new RuntimeException(
                "Failed to start", new HoldfastException(Disposition.RETRYABLE, "Away", "Wait for it")));

        assertThat(ending.exitCode()).isEqualTo(ExitCode.TRY_AGAIN);
    }

    @Test
    void addressThatIsTakenIsOneOfTheSettings() {
        Ending ending = Ending.of(new RuntimeException(new BindException("Address already in use")));

        assertThat(ending.exitCode()).isEqualTo(ExitCode.BAD_CONFIGURATION);
        assertThat(ending.sentences().get(0)).contains("_LISTEN").contains("Address already in use");
    }

    @Test
    void everySettingThatCannotBeUsedIsTold() {
        Ending ending = Ending.of(new RuntimeException(new ConfigValidationException(new Problem[] {
            new Problem("SRCFG00014: The config property holdfast.a.b is required but it could not be found in any"
                    + " config source"),
            new Problem("SRCFG00014: The config property holdfast.a.c is required but it could not be found in any"
                    + " config source"),
        })));

        assertThat(ending.exitCode()).isEqualTo(ExitCode.BAD_CONFIGURATION);
        assertThat(ending.sentences())
                .containsExactly(
                        "HOLDFAST_A_B is not set and has no default; give it a value.",
                        "HOLDFAST_A_C is not set and has no default; give it a value.");
    }

    @Test
    void settingOfTheFrameworkIsNotToldBesideOursFromWhichItComes() {
        Ending ending = Ending.of(new ConfigValidationException(new Problem[] {
            new Problem(
                    "SRCFG00039: The config property quarkus.log.level with the config value \"x\" threw an Exception"
                            + " whilst being converted no such level"),
            new Problem("SRCFG00039: The config property holdfast.a.log.level with the config value \"x\" threw an"
                    + " Exception whilst being converted SRCFG00049: Cannot convert x to enum class a.B, allowed values:"
                    + " info,warn"),
        }));

        assertThat(ending.sentences())
                .containsExactly("HOLDFAST_A_LOG_LEVEL: 'x' is none of its values, which are info, warn.");
    }

    @Test
    void settingFoundWrongOutsideOfAMappingIsToldToo() {
        Ending ending = Ending.of(new RuntimeException(
                "Failed to start quarkus",
                new NoSuchElementException("SRCFG00011: Could not expand value holdfast.a.b in property quarkus.x")));

        assertThat(ending.exitCode()).isEqualTo(ExitCode.BAD_CONFIGURATION);
        assertThat(ending.sentences()).containsExactly("Could not expand value HOLDFAST_A_B in property quarkus.x.");
    }

    @Test
    void anythingElseIsOurFaultAndKeepsItsTrace() {
        IllegalStateException failure = new IllegalStateException("bytes must not be negative: -1");

        Ending ending = Ending.of(failure);

        assertThat(ending.exitCode()).isEqualTo(ExitCode.INTERNAL);
        assertThat(ending.sentences())
                .singleElement()
                .asString()
                .contains("bytes must not be negative: -1")
                .contains("Report it");
        assertThat(ending.unexpected()).contains(failure);
    }
}
