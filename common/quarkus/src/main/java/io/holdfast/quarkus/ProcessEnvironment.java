package io.holdfast.quarkus;

import java.util.Map;

/** The one place that reads the environment of a Quarkus program. Settings come through its mapping. */
final class ProcessEnvironment {
    private ProcessEnvironment() {}

    static Map<String, String> variables() {
        return System.getenv();
    }
}
