package io.holdfast.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DurationGrammarTest {
    @ParameterizedTest(name = "{0} is {1} ms")
    @CsvSource({
        "30s, 30000",
        "5m, 300000",
        "1h30m, 5400000",
        "500ms, 500",
        "1m500ms, 60500",
        "2d3h4m5s6ms, 183845006",
        "90m, 5400000",
        "0s, 0",
        "' 30s ', 30000",
    })
    void durationIsRead(String text, long millis) {
        assertThat(DurationGrammar.parse(text)).isEqualTo(Duration.ofMillis(millis));
    }

    @Test
    void bareNumberIsRefusedWithItsLikelyMeaning() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DurationGrammar.parse("30"))
                .withMessage("'30' has no unit; write 30s, 30ms or the like");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", " ", "s", "-1s", "+1s", "1.5s", "1 s", "30S", "1M", "PT30S", "1s1m", "1m1m", "30sec", "5min",
                "1m30", "1w", "1us",
            })
    void whatIsNoDurationIsRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DurationGrammar.parse(text))
                .withMessage("'" + text + "' is not a duration; write one like 30s, 5m, 1h30m or 500ms");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"99999999999999999999s", "9223372036854775807s", "9223372036854775807ms1d", "106751991168d"})
    void durationThatIsTooLongIsRefused(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> DurationGrammar.parse(text));
    }

    @Test
    void tooLongIsSaidSo() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DurationGrammar.parse("9223372036854775807s"))
                .withMessage("'9223372036854775807s' is longer than a duration can be");
    }

    @ParameterizedTest
    @CsvSource({"30000, 30s", "5400000, 1h30m", "500, 500ms", "0, 0s", "183845006, 2d3h4m5s6ms", "86400000, 1d"})
    void textIsReadBackAsTheSameDuration(long millis, String text) {
        assertThat(DurationGrammar.format(Duration.ofMillis(millis))).isEqualTo(text);
        assertThat(DurationGrammar.parse(text)).isEqualTo(Duration.ofMillis(millis));
    }

    @Test
    void negativeDurationCannotBeWritten() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DurationGrammar.format(Duration.ofMillis(-1)))
                .withMessage("duration must not be negative: PT-0.001S");
    }
}
