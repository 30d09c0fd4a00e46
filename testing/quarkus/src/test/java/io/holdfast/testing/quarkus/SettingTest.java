package io.holdfast.testing.quarkus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.tuple;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SettingTest {
    /** A mapping with one setting of each sort. */
    @ConfigMapping(prefix = "holdfast.try-out")
    public interface Sample {
        /** Where to. The {@code place} must exist. */
        Path targetDirectory();

        /** How many, {@link Group#depth} included. */
        @WithDefault("4")
        int parallelism();

        /**
         * Which.
         *
         * <p>Either
         * way.
         */
        Optional<List<String>> fallbackSources();

        Group group();

        /** A group. */
        interface Group {
            /** How deep. */
            @WithDefault("very-deep")
            Depth depth();
        }

        /** A choice. */
        enum Depth {
            FLAT,
            VERY_DEEP
        }
    }

    @Test
    void settingsHaveTheNamesThatAUserTypes() {
        assertThat(Setting.of(Sample.class))
                .extracting(Setting::variable, Setting::defaultValue, Setting::optional, Setting::kind)
                .containsExactly(
                        tuple("HOLDFAST_TRY_OUT_FALLBACK_SOURCES", Optional.empty(), true, "list, separated by commas"),
                        tuple(
                                "HOLDFAST_TRY_OUT_GROUP_DEPTH",
                                Optional.of("very-deep"),
                                false,
                                "one of `flat`, `very-deep`"),
                        tuple("HOLDFAST_TRY_OUT_PARALLELISM", Optional.of("4"), false, "number"),
                        tuple("HOLDFAST_TRY_OUT_TARGET_DIRECTORY", Optional.empty(), false, "path"));
    }

    @Test
    void theseNamesReachTheSettings() {
        Sample sample = TestConfigs.load(
                Sample.class,
                Map.of(
                        "HOLDFAST_TRY_OUT_FALLBACK_SOURCES", "a,b",
                        "HOLDFAST_TRY_OUT_GROUP_DEPTH", "flat",
                        "HOLDFAST_TRY_OUT_PARALLELISM", "7",
                        "HOLDFAST_TRY_OUT_TARGET_DIRECTORY", "/x"));

        assertThat(sample.fallbackSources()).contains(List.of("a", "b"));
        assertThat(sample.group().depth()).isEqualTo(Sample.Depth.FLAT);
        assertThat(sample.parallelism()).isEqualTo(7);
        assertThat(sample.targetDirectory()).isEqualTo(Path.of("/x"));
    }

    @Test
    void whatIsNoMappingHasNoSettings() {
        assertThatIllegalArgumentException().isThrownBy(() -> Setting.of(String.class));
    }
}
