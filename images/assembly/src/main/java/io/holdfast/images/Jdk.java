package io.holdfast.images;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A JDK of this machine, and a smaller run-time environment made of it. */
record Jdk(Path home) {

    /** What programs of a Java 17 or newer may ask for, tools of the JDK for other processes included; no compiler. */
    private static final List<String> MODULES = List.of(
            "java.se",
            "jdk.attach",
            "jdk.crypto.ec",
            "jdk.jcmd",
            "jdk.jfr",
            "jdk.management",
            "jdk.management.agent",
            "jdk.naming.dns",
            "jdk.net",
            "jdk.security.auth",
            "jdk.security.jgss",
            "jdk.unsupported",
            "jdk.zipfs");

    /** Of the archive of classes that Java starts with: 17 makes other bytes each time. Versions between were not tried. */
    static final int FIRST_WITH_REPRODUCIBLE_ARCHIVE = 25;

    private static final Pattern VERSION = Pattern.compile("^JAVA_VERSION=\"(\\d+)", Pattern.MULTILINE);

    /** What a shell may have set, and images must not depend on. */
    private static final Set<String> JVM_VARIABLES = Set.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS");

    private static final Path DEBIAN = Path.of("/usr/lib/jvm");

    /** The JDK in {@code path}; for {@code auto} a Temurin 25 if Debian's directory holds one, else the one that runs. */
    static Jdk of(String path) throws IOException {
        Path home = path.equals("auto") ? best() : Path.of(path);
        if (!Files.isExecutable(home.resolve("bin/jlink"))) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "%s holds no JDK with jlink".formatted(home),
                    "Give a complete JDK with -Dholdfast.image.jdk=DIRECTORY");
        }
        return new Jdk(home);
    }

    private static Path best() throws IOException {
        if (Files.isDirectory(DEBIAN)) {
            try (Stream<Path> installed = Files.list(DEBIAN)) {
                return installed
                        .filter(jdk -> jdk.getFileName().toString().startsWith("temurin-25-jdk"))
                        .sorted()
                        .findFirst()
                        .orElseGet(Jdk::running);
            }
        }
        return running();
    }

    private static Path running() {
        return Path.of(System.getProperty("java.home"));
    }

    /** Version and vendor: what its {@code release} file says. */
    String release() throws IOException {
        return Files.readString(home.resolve("release"));
    }

    int feature() throws IOException {
        Matcher version = VERSION.matcher(release());
        if (!version.find()) {
            throw new IOException("%s/release does not tell a version: %s".formatted(home, release()));
        }
        return Integer.parseInt(version.group(1));
    }

    /** Makes a run-time environment in {@code target}, which does not exist. The same JDK makes the same files. */
    void link(Path target) throws IOException, InterruptedException {
        List<String> present = run(home.resolve("bin/java"), "--list-modules")
                .lines()
                .map(line -> line.replaceAll("@.*", ""))
                .toList();
        List<String> modules = new ArrayList<>(MODULES);
        modules.retainAll(present);
        run(
                home.resolve("bin/jlink"),
                "--add-modules",
                String.join(",", modules),
                "--no-header-files",
                "--no-man-pages",
                "--output",
                target.toString());
        if (feature() >= FIRST_WITH_REPRODUCIBLE_ARCHIVE) {
            run(target.resolve("bin/java"), "-Xshare:dump"); // Java starts in half the time with it
        }
    }

    static String run(Path program, String... arguments) throws IOException, InterruptedException {
        return run(program, Path.of("").toAbsolutePath(), Map.of(), arguments);
    }

    static String run(Path program, Path directory, Map<String, String> environment, String... arguments)
            throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of(program.toString()));
        line.addAll(List.of(arguments));
        ProcessBuilder builder =
                new ProcessBuilder(line).directory(directory.toFile()).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("HOLDFAST_") || JVM_VARIABLES.contains(name));
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int exit = process.waitFor();
        if (exit != 0) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "%s exited with %d: %s".formatted(String.join(" ", line), exit, said.strip()),
                    "Correct what it names, or give another base with -Dholdfast.image.base=IMAGE");
        }
        return said;
    }
}
