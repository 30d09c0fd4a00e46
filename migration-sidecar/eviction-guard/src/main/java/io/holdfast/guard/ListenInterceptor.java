package io.holdfast.guard;

import io.holdfast.quarkus.ListenSetting;

/** Wires {@code HOLDFAST_EVICTION_GUARD_STATUS_LISTEN}. */
public final class ListenInterceptor extends ListenSetting {
    private static final long serialVersionUID = 1L;

    public ListenInterceptor() {
        super("holdfast.eviction-guard.status.listen", GuardConfig.STATUS_LISTEN);
    }
}
