package io.holdfast.e2e;

import io.holdfast.testing.NeedsMemoryCgroup;
import org.junit.jupiter.api.Timeout;

/** With a TaskManager on the Java that runs the tests. */
@NeedsMemoryCgroup
@Timeout(180)
class ResizeIT extends ResizeScenario {

    ResizeIT() {
        super(Runtime.version().feature());
    }
}
