package io.holdfast.resize;

import io.holdfast.quarkus.ListenSetting;

/** Wires {@code HOLDFAST_RESIZE_LISTEN}. */
public final class ListenInterceptor extends ListenSetting {
    private static final long serialVersionUID = 1L;

    public ListenInterceptor() {
        super("holdfast.resize.listen", ResizeConfig.LISTEN);
    }
}
