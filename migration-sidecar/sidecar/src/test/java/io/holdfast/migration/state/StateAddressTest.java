package io.holdfast.migration.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.base.HoldfastException;
import io.holdfast.quarkus.ListenAddress;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StateAddressTest {

    @ParameterizedTest(name = "{0}, {1}: {2}")
    @CsvSource({
        "0.0.0.0:9621,   10.0.0.7 10.0.0.8,  http://10.0.0.7:9621",
        "0.0.0.0:9621,   fd00::1 10.0.0.8,   http://10.0.0.8:9621",
        "[::]:9621,      fd00::1 fd00::2,    http://[fd00::1]:9621",
        "127.0.0.1:9621, 10.0.0.7,           http://127.0.0.1:9621",
        "[fd00::3]:9621, fd00::1,            http://[fd00::3]:9621"
    })
    void addressIsOneThatIsListenedAt(String listen, String own, String expected) {
        assertThat(StateAddress.of(ListenAddress.parse(listen), 9621, Arrays.asList(own.split(" "))))
                .hasToString(expected);
    }

    @Test
    void containerWithoutAnAddressIsTold() {
        assertThatThrownBy(() -> StateAddress.of(ListenAddress.parse("0.0.0.0:9621"), 9621, List.of()))
                .isInstanceOf(HoldfastException.class)
                .hasMessageContaining("Set HOLDFAST_MIGRATION_ADDRESS");
    }
}
