package io.holdfast.resize;

import io.holdfast.quarkus.ProgramStart;
import io.quarkus.runtime.annotations.QuarkusMain;

/** Main class of the resize sidecar. */
@QuarkusMain
public final class ResizeSidecar {
    static final ProgramStart START = new ProgramStart("resize-sidecar", "HOLDFAST_RESIZE");

    private ResizeSidecar() {}

    public static void main(String[] args) {
        START.run(ResizeProgram.class, args);
    }
}
