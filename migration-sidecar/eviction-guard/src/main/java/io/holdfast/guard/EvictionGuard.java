package io.holdfast.guard;

import io.holdfast.quarkus.ProgramStart;
import io.quarkus.runtime.annotations.QuarkusMain;

/** Main class of the eviction guard. */
@QuarkusMain
public final class EvictionGuard {
    static final ProgramStart START = new ProgramStart("eviction-guard", "HOLDFAST_EVICTION_GUARD");

    private EvictionGuard() {}

    public static void main(String[] args) {
        START.run(GuardProgram.class, args);
    }
}
