package io.holdfast.quarkus;

import io.holdfast.base.ByteSize;
import org.eclipse.microprofile.config.spi.Converter;

/** Reads a {@link ByteSize}. Found as a service; a static factory would do, but SmallRye would hide its reasons. */
public final class ByteSizeConverter implements Converter<ByteSize> {
    private static final long serialVersionUID = 1L;

    @Override
    public ByteSize convert(String value) {
        return ByteSize.parse(value);
    }
}
