package io.holdfast.flink.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.time.Duration;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OptionCheckTest {

    @Test
    void defaultsAreFine() {
        assertThatCode(() -> OptionCheck.check(new Configuration())).doesNotThrowAnyException();
    }

    @Test
    void everyOptionMayBeSetToItsDefault() {
        Configuration configuration = new Configuration();
        for (ConfigOption<?> option : HoldfastOptions.all()) {
            configuration.setString(option.key(), text(option.defaultValue()));
        }

        assertThat(OptionCheck.problems(configuration)).isEmpty();
    }

    @Test
    void optionsOfOthersAreNotOurBusiness() {
        assertThat(OptionCheck.problems(configuration("holdfastish.thing", "1", "taskmanager.numberOfTaskSlots", "x")))
                .isEmpty();
    }

    @Test
    void markOfAnEntryPointIsNoProblem() {
        assertThat(OptionCheck.problems(configuration(HoldfastOptions.ENTRY_POINT.key(), "some.Class")))
                .isEmpty();
    }

    @Test
    void misspelledOptionIsRefusedWithTheOneThatWasMeant() {
        assertThat(OptionCheck.problems(configuration("holdfast.restart.suspect-timout", "5 s")))
                .containsExactly("holdfast.restart.suspect-timout is not an option of Holdfast;"
                        + " did you mean holdfast.restart.suspect-timeout?");
    }

    @Test
    void optionLikeNoneIsRefusedWithoutAGuess() {
        assertThat(OptionCheck.problems(configuration("holdfast.teapot", "short and stout")))
                .containsExactly("holdfast.teapot is not an option of Holdfast");
    }

    @ParameterizedTest
    @CsvSource({
        "holdfast.enabled, perhaps",
        "holdfast.restart.guarantee, exactly-once",
        "holdfast.restart.delay, soon",
        "holdfast.restart.max-failures, many",
        "holdfast.restart.suspect-timeout, 5 parsecs",
        "holdfast.ledger.max-incidents, 1.5",
        "holdfast.network-memory.min, a lot"
    })
    void valueThatCannotBeReadIsRefusedByName(String key, String value) {
        assertThat(OptionCheck.problems(configuration(key, value)))
                .singleElement()
                .asString()
                .startsWith(key + " cannot be read: ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"at-most-once", "region", "Region"})
    void guaranteeIsReadAsItIsDocumented(String value) {
        assertThat(OptionCheck.problems(configuration("holdfast.restart.guarantee", value)))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "holdfast.restart.heartbeat-interval, 0 ms",
        "holdfast.restart.max-failures, -1",
        "holdfast.restart.failure-window, 0 ms",
        "holdfast.restart.attach-timeout, 999 ms",
        "holdfast.ledger.max-incidents, 0"
    })
    void valueOutOfRangeIsRefusedByName(String key, String value) {
        assertThat(OptionCheck.problems(configuration(key, value)))
                .singleElement()
                .asString()
                .startsWith(key + " must be at least ");
    }

    @ParameterizedTest
    @CsvSource({
        "holdfast.restart.heartbeat-interval, 1 ms",
        "holdfast.restart.max-failures, 0",
        "holdfast.restart.failure-window, 1 ms",
        "holdfast.restart.attach-timeout, 1 s",
        "holdfast.ledger.max-incidents, 1"
    })
    void leastValueInRangeIsFine(String key, String value) {
        assertThat(OptionCheck.problems(configuration(key, value))).isEmpty();
    }

    @Test
    void taskManagerIsNotGivenUpBeforeItHasMissedTwoHeartbeats() {
        assertThat(OptionCheck.problems(configuration(
                        "holdfast.restart.heartbeat-interval",
                        "600 ms",
                        "holdfast.restart.suspect-timeout",
                        "1199 ms")))
                .containsExactly("holdfast.restart.suspect-timeout must be at least twice"
                        + " holdfast.restart.heartbeat-interval, which is 600 ms: 1199 ms");
    }

    @Test
    void leastNetworkMemoryIsNotMoreThanTheMost() {
        assertThat(OptionCheck.problems(
                        configuration("holdfast.network-memory.min", "65 mb", "holdfast.network-memory.max", "64 mb")))
                .containsExactly("holdfast.network-memory.min must not be more than holdfast.network-memory.max,"
                        + " which is 64 mb: 65 mb");
        assertThat(OptionCheck.problems(configuration("holdfast.network-memory.min", "65 mb")))
                .isEmpty();
    }

    @Test
    void memoryOfTheInFlightLogIsNoneOrEnoughForSomeBuffers() {
        assertThat(OptionCheck.problems(configuration("holdfast.in-flight-log.memory", "512 kb")))
                .containsExactly("holdfast.in-flight-log.memory must be 0 or at least 1 mb: 512 kb");
        assertThat(OptionCheck.problems(configuration("holdfast.in-flight-log.memory", "0")))
                .isEmpty();
        assertThat(OptionCheck.problems(configuration("holdfast.in-flight-log.memory", "1 mb")))
                .isEmpty();
    }

    @Test
    void allProblemsAreToldAtOnceInOrderOfName() {
        Configuration configuration = configuration(
                "holdfast.restart.max-failures", "many",
                "holdfast.restart.guarante", "region",
                "holdfast.enabeld", "true");

        assertThat(OptionCheck.problems(configuration))
                .satisfiesExactly(
                        problem -> assertThat(problem).contains("holdfast.enabeld"),
                        problem -> assertThat(problem).contains("holdfast.restart.guarante "),
                        problem -> assertThat(problem).contains("holdfast.restart.max-failures"));
    }

    @Test
    void allValuesOutOfRangeAreToldAtOnce() {
        Configuration configuration = configuration(
                "holdfast.restart.max-failures", "-1",
                "holdfast.restart.attach-timeout", "1 ms",
                "holdfast.ledger.max-incidents", "0");

        assertThat(OptionCheck.problems(configuration)).hasSize(3);
    }

    @Test
    void startIsStoppedWithEverySentence() {
        Configuration configuration =
                configuration("holdfast.enabeld", "true", "holdfast.restart.max-failures", "many");

        HoldfastException failure =
                catchThrowableOfType(HoldfastException.class, () -> OptionCheck.check(configuration));

        assertThat(failure.disposition()).isEqualTo(Disposition.FATAL);
        assertThat(failure)
                .hasMessageContaining("did you mean holdfast.enabled?")
                .hasMessageContaining("holdfast.restart.max-failures cannot be read")
                .hasMessageContaining("Correct the holdfast options in Flink's configuration.");
    }

    private static Configuration configuration(String... keysAndValues) {
        Configuration configuration = new Configuration();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            configuration.setString(keysAndValues[i], keysAndValues[i + 1]);
        }
        return configuration;
    }

    private static String text(Object value) {
        return value instanceof Duration duration ? duration.toMillis() + " ms" : value.toString();
    }
}
