package io.holdfast.flink.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import io.holdfast.flink.shuffle.HoldfastShuffleServiceFactory;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.shuffle.ShuffleServiceOptions;
import org.junit.jupiter.api.Test;

class PairingTest {

    private final Configuration configuration = new Configuration();

    @Test
    void entryPointWithTheShuffleServiceLeavesItsMark() {
        configuration.set(
                ShuffleServiceOptions.SHUFFLE_SERVICE_FACTORY_CLASS, HoldfastShuffleServiceFactory.class.getName());

        Configuration marked = Pairing.entering(configuration, PairingTest.class);

        assertThat(marked.get(HoldfastOptions.ENTRY_POINT)).isEqualTo(PairingTest.class.getName());
        assertThat(configuration.contains(HoldfastOptions.ENTRY_POINT))
                .as("the caller's configuration is left alone")
                .isFalse();
        assertThatCode(() -> Pairing.requireEntryPoint(marked)).doesNotThrowAnyException();
    }

    @Test
    void entryPointWithoutTheShuffleServiceIsFatalAndSaysWhatToSet() {
        HoldfastException failure =
                catchThrowableOfType(HoldfastException.class, () -> Pairing.entering(configuration, PairingTest.class));

        assertThat(failure.disposition()).isEqualTo(Disposition.FATAL);
        assertThat(failure)
                .hasMessageContaining("Entry point PairingTest runs with shuffle service ")
                .hasMessageContaining(
                        "'shuffle-service-factory.class: " + "io.holdfast.flink.shuffle.HoldfastShuffleServiceFactory'")
                .hasMessageContaining("'holdfast.enabled: false'");
    }

    @Test
    void entryPointNeedsNoShuffleServiceWhenHoldfastIsOff() {
        configuration.set(HoldfastOptions.ENABLED, false);

        assertThatCode(() -> Pairing.entering(configuration, PairingTest.class)).doesNotThrowAnyException();
    }

    @Test
    void entryPointRefusesOptionsThatNobodyReads() {
        configuration.setString("holdfast.enabeld", "false");

        HoldfastException failure =
                catchThrowableOfType(HoldfastException.class, () -> Pairing.entering(configuration, PairingTest.class));

        assertThat(failure).hasMessageContaining("did you mean holdfast.enabled?");
    }

    @Test
    void shuffleServiceWithoutAnEntryPointIsFatalAndSaysWhatToDo() {
        HoldfastException failure =
                catchThrowableOfType(HoldfastException.class, () -> Pairing.requireEntryPoint(configuration));

        assertThat(failure.disposition()).isEqualTo(Disposition.FATAL);
        assertThat(failure)
                .hasMessageStartingWith("Holdfast's shuffle service runs without Holdfast's entry point. ")
                .hasMessageContaining("'shuffle-service-factory.class'")
                .hasMessageContaining("'holdfast.enabled: false'");
    }
}
