package io.holdfast.migration;

import io.holdfast.quarkus.ListenInterceptor;

/** Tells the framework where to listen. */
public final class MigrationListenInterceptor extends ListenInterceptor {
    private static final long serialVersionUID = 1L;

    public MigrationListenInterceptor() {
        super("holdfast.migration.listen", MigrationConfig.LISTEN);
    }
}
