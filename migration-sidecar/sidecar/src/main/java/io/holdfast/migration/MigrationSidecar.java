package io.holdfast.migration;

import io.holdfast.quarkus.ProgramStart;
import io.quarkus.runtime.annotations.QuarkusMain;

/** Main class of the migration sidecar. */
@QuarkusMain
public final class MigrationSidecar {
    static final ProgramStart START = new ProgramStart("migration-sidecar", "HOLDFAST_MIGRATION");

    private MigrationSidecar() {}

    public static void main(String[] args) {
        START.run(MigrationProgram.class, args);
    }
}
