package io.holdfast.agent.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.agent.report.AgentException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PercentTest {
    @ParameterizedTest(name = "{0}")
    @CsvSource({"Eclipse Adoptium, Eclipse%20Adoptium", "100 %, 100%20%25", "/opt/jär.jar, /opt/jär.jar"})
    void encodedValueHoldsNoBlankAndReadsAsItWas(String plain, String encoded) {
        assertThat(Percent.encode(plain)).isEqualTo(encoded);
        assertThat(Percent.decode(encoded)).isEqualTo(plain);
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"%", "%2", "a%zz", "%c3%28"})
    void brokenEncodingIsRefused(String value) {
        assertThatThrownBy(() -> Percent.decode(value)).isInstanceOf(AgentException.class);
    }
}
