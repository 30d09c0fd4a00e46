package io.holdfast.quarkus;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EffectiveSettingsTest {
    @Test
    void defaultsAreMarkedAndWhatIsAbsentIsLeftOut() {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("HOLDFAST_B", 4);
        values.put("HOLDFAST_A", Optional.of("x"));
        values.put("HOLDFAST_C", Optional.empty());

        assertThat(EffectiveSettings.line(values, Map.of("HOLDFAST_A", "x", "HOLDFAST_Z", "z")))
                .isEqualTo("HOLDFAST_B=4 (default) HOLDFAST_A=x");
    }
}
