package io.holdfast.agent.running;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import javax.tools.ToolProvider;

/** Copies of the jar under test that say to be of another version. */
final class Jars {
    private static final String AGENT = "io/holdfast/agent/Agent.class";

    private Jars() {}

    /** Skips the test where a JVM of that version needs what a build without a C compiler has not. */
    static void requirePageRelease(int feature) {
        try (JarFile jar = new JarFile(TestJvm.jar().toFile())) {
            assumeTrue(
                    feature >= 22
                            || jar.stream().anyMatch(entry -> entry.getName().endsWith(".so")),
                    "The jar was built without a C compiler, and Java " + feature + " needs its library");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Path ofVersion(String version, Path directory) {
        return without("", version, directory);
    }

    /** Returns a copy whose agent does nothing but the given statement. */
    static Path withAgent(String statement, String version, Path directory) {
        try {
            Path source = Files.writeString(
                    Files.createDirectories(directory.resolve("source")).resolve("Agent.java"),
                    """
                    package io.holdfast.agent;
                    import java.util.Map;
                    public final class Agent
                            implements java.util.function.Function<Map<String, Object>, Map<String, Object>> {
                        public Map<String, Object> apply(Map<String, Object> request) { %s }
                    }
                    """.formatted(statement));
            int code = ToolProvider.getSystemJavaCompiler()
                    .run(null, null, null, "--release", "17", "-d", directory.toString(), source.toString());
            assertThat(code).isZero();
            return copy(AGENT, Files.readAllBytes(directory.resolve(AGENT)), version, directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns a copy that lacks an entry. */
    static Path without(String missing, String version, Path directory) {
        return copy(missing, null, version, directory);
    }

    private static Path copy(String entryName, byte[] replacement, String version, Path directory) {
        Path copy = directory.resolve("holdfast-agent-" + version + ".jar");
        try (JarFile jar = new JarFile(TestJvm.jar().toFile())) {
            Manifest manifest = new Manifest(jar.getManifest());
            manifest.getMainAttributes().put(Attributes.Name.IMPLEMENTATION_VERSION, version);
            try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(copy), manifest)) {
                for (JarEntry entry : (Iterable<JarEntry>) jar.stream()::iterator) {
                    if (!entry.getName().equals(JarFile.MANIFEST_NAME)
                            && !entry.getName().equals(entryName)) {
                        out.putNextEntry(new JarEntry(entry.getName()));
                        try (InputStream content = jar.getInputStream(entry)) {
                            content.transferTo(out);
                        }
                    }
                }
                if (replacement != null) {
                    out.putNextEntry(new JarEntry(entryName));
                    out.write(replacement);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return copy;
    }
}
