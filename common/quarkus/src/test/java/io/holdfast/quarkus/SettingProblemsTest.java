package io.holdfast.quarkus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.holdfast.base.ByteSize;
import io.holdfast.testing.quarkus.TestConfigs;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.WithConverter;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What users are told, from what SmallRye really throws. */
class SettingProblemsTest {
    /** A mapping with everything that can go wrong. */
    @ConfigMapping(prefix = "holdfast.try-out")
    public interface Sample {
        ByteSize ceiling();

        @WithDefault("30s")
        @WithConverter(DurationConverter.class)
        Duration timeout();

        @WithDefault("4")
        int parallelism();

        LogConfig log();
    }

    @Test
    void settingsAreReadInOurUnits() {
        Sample sample = TestConfigs.load(Sample.class, Map.of("HOLDFAST_TRY_OUT_CEILING", "64Mi"));

        assertThat(sample.ceiling()).isEqualTo(new ByteSize(64 << 20));
        assertThat(sample.timeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(sample.log().level()).isEqualTo(LogConfig.LogLevel.INFO);
        assertThat(sample.log().format()).isEqualTo(LogConfig.LogFormat.PLAIN);
    }

    @Test
    void everyProblemNamesItsVariableAndSaysHowItIsWritten() {
        assertThat(problems(Map.of(
                        "HOLDFAST_TRY_OUT_TIMEOUT", "30",
                        "HOLDFAST_TRY_OUT_CEILING", "64MB",
                        "HOLDFAST_TRY_OUT_PARALLELISM", "many",
                        "HOLDFAST_TRY_OUT_LOG_FORMAT", "xml")))
                .containsExactlyInAnyOrder(
                        "HOLDFAST_TRY_OUT_TIMEOUT: '30' has no unit; write 30s, 30ms or the like.",
                        "HOLDFAST_TRY_OUT_CEILING: '64MB' has no unit of size; units are Ki Mi Gi Ti Pi Ei and k M G T P "
                                + "E, as in 64Mi.",
                        "HOLDFAST_TRY_OUT_PARALLELISM: Expected an integer value, got \"many\".",
                        "HOLDFAST_TRY_OUT_LOG_FORMAT: 'xml' is none of its values, which are json, plain.");
    }

    @Test
    void missingSettingIsNamed() {
        assertThat(problems(Map.of()))
                .containsExactly("HOLDFAST_TRY_OUT_CEILING is not set and has no default; give it a value.");
    }

    @Test
    void emptySettingIsNamed() {
        assertThat(problems(Map.of("HOLDFAST_TRY_OUT_CEILING", "1Mi", "HOLDFAST_TRY_OUT_PARALLELISM", "")))
                .containsExactly(
                        "HOLDFAST_TRY_OUT_PARALLELISM is empty; give it a value, or remove it to get the default.");
    }

    @Test
    void messageThatIsNotRecognisedIsPassedOnWithVariables() {
        assertThat(SettingProblems.sentence(
                        "java.lang.IllegalStateException: SRCFG09999: holdfast.try-out.ceiling dislikes holdfast.x"))
                .isEqualTo("HOLDFAST_TRY_OUT_CEILING dislikes HOLDFAST_X.");
    }

    private static List<String> problems(Map<String, String> variables) {
        return SettingProblems.sentences(
                catchThrowableOfType(ConfigValidationException.class, () -> TestConfigs.load(Sample.class, variables)));
    }
}
