package io.holdfast.flink.networkmemory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.holdfast.base.HoldfastException;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.Test;

class NetworkMemorySettingsTest {

    private static final int SEGMENT = 32 << 10;

    @Test
    void boundsFollowTheSizeAtStart() {
        NetworkMemorySettings settings = NetworkMemorySettings.of(new Configuration(), 2_048, SEGMENT);

        assertThat(settings).isEqualTo(new NetworkMemorySettings(SEGMENT, 4 << 20, 2_048, 512, 8_192));
    }

    @Test
    void configuredBoundsHold() {
        NetworkMemorySettings settings = NetworkMemorySettings.of(
                configuration("holdfast.network-memory.min", "1 mb", "holdfast.network-memory.max", "3 gb"),
                2_048,
                SEGMENT);

        assertThat(settings.min()).isEqualTo(32);
        assertThat(settings.max()).isEqualTo(3 << 15);
    }

    @Test
    void sizeAtStartOutOfItsBoundsStopsTheStartByTheNameOfTheOption() {
        assertThatExceptionOfType(HoldfastException.class)
                .isThrownBy(() ->
                        NetworkMemorySettings.of(configuration("holdfast.network-memory.min", "65 mb"), 2_048, SEGMENT))
                .withMessageContaining("67108864 bytes at start: holdfast.network-memory.min must not be more")
                .withMessageContaining("taskmanager.memory.network.*");
        assertThatExceptionOfType(HoldfastException.class)
                .isThrownBy(() ->
                        NetworkMemorySettings.of(configuration("holdfast.network-memory.max", "63 mb"), 2_048, SEGMENT))
                .withMessageContaining("holdfast.network-memory.max must not be less");
    }

    @Test
    void smallestMemoryHasBoundsToo() {
        NetworkMemorySettings settings = NetworkMemorySettings.of(new Configuration(), 1, SEGMENT);

        assertThat(settings.min()).isEqualTo(1);
        assertThat(settings.max()).isEqualTo(4);
    }

    private static Configuration configuration(String... keysAndValues) {
        Configuration configuration = new Configuration();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            configuration.setString(keysAndValues[i], keysAndValues[i + 1]);
        }
        return configuration;
    }
}
