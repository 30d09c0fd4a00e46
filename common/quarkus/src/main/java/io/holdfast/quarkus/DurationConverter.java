package io.holdfast.quarkus;

import io.holdfast.base.DurationGrammar;
import java.time.Duration;
import org.eclipse.microprofile.config.spi.Converter;

/**
 * Reads a duration by our grammar. Named at each setting, by {@code @WithConverter(DurationConverter.class)}: found as a
 * service it would also read Quarkus' own durations, whose defaults are written otherwise.
 */
public final class DurationConverter implements Converter<Duration> {
    private static final long serialVersionUID = 1L;

    @Override
    public Duration convert(String value) {
        return DurationGrammar.parse(value);
    }
}
