package io.holdfast.jarcache.init;

import io.holdfast.quarkus.ProgramStart;
import io.quarkus.runtime.annotations.QuarkusMain;

/** Main class of the init container. */
@QuarkusMain
public final class JarCacheInit {
    static final ProgramStart START = new ProgramStart("jar-cache-init", "HOLDFAST_JAR_CACHE");

    private JarCacheInit() {}

    public static void main(String[] args) {
        START.run(JarCacheProgram.class, args);
    }
}
