package io.holdfast.testing.quarkus;

import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.Map;

/** Reads settings as a program does, from the names that a user types, without starting it. */
public final class TestConfigs {
    private static final int ORDINAL_OF_THE_ENVIRONMENT = 300;

    private TestConfigs() {}

    /**
     * Returns the settings that {@code variables} give.
     *
     * @throws io.smallrye.config.ConfigValidationException if they give none
     */
    public static <T> T load(Class<T> mapping, Map<String, String> variables) {
        return new SmallRyeConfigBuilder()
                .addDiscoveredConverters()
                .withMapping(mapping)
                .withSources(new EnvConfigSource(variables, ORDINAL_OF_THE_ENVIRONMENT))
                .build()
                .getConfigMapping(mapping);
    }
}
