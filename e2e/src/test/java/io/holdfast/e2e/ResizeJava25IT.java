package io.holdfast.e2e;

import io.holdfast.testing.InstalledJava;
import io.holdfast.testing.NeedsMemoryCgroup;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIf;

/** With a TaskManager on Java 25, where the agent needs no native code of its own. */
@NeedsMemoryCgroup
@DisabledIf(value = "isMissing", disabledReason = "No Java 25 here. Install one, or name its home in JAVA_HOME_25")
@Timeout(180)
class ResizeJava25IT extends ResizeScenario {

    private static final int JAVA = 25;

    ResizeJava25IT() {
        super(JAVA);
    }

    static boolean isMissing() {
        return InstalledJava.home(JAVA).isEmpty();
    }
}
