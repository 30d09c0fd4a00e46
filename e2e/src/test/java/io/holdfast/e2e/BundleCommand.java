package io.holdfast.e2e;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** {@code ./holdfast bundle}, run in a process of its own as the launcher runs it. */
record BundleCommand(Path directory) {

    private static final Duration PATIENCE = Duration.ofSeconds(120);

    /** Runs it and returns its standard output; another exit code than 0 is an error. */
    String run(String... arguments) {
        Path target = Installation.checkout().resolve("jar-cache-init/builder/target");
        List<String> command = new ArrayList<>(List.of(
                Installation.javaHome().resolve("bin/java").toString(),
                "-cp",
                target.resolve("holdfast-bundle.jar") + ":" + target.resolve("lib") + "/*",
                "io.holdfast.jarcache.builder.BundleTool"));
        command.addAll(List.of(arguments));
        command.addAll(List.of("--cache", directory.resolve("cache").toString()));
        try (Launched bundle = Launched.start(directory, Map.of("HOME", directory.toString()), command)) {
            int exit = bundle.exitCode(PATIENCE);
            if (exit != 0) {
                throw new AssertionError("bundle %s exited with %d.%n%s%s"
                        .formatted(String.join(" ", arguments), exit, bundle.standardOutput(), bundle.standardError()));
            }
            return bundle.standardOutput();
        }
    }
}
