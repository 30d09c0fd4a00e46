package io.holdfast.migration;

import io.holdfast.quarkus.ListenSetting;

/** Tells the framework where to listen. */
public final class ListenInterceptor extends ListenSetting {
    private static final long serialVersionUID = 1L;

    public ListenInterceptor() {
        super("holdfast.migration.listen", MigrationConfig.LISTEN);
    }
}
