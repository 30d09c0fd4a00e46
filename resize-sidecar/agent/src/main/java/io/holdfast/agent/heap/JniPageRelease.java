package io.holdfast.agent.heap;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** By a small library that travels in the jar: for Java 17 to 21. */
final class JniPageRelease implements PageRelease {
    private JniPageRelease() {}

    /**
     * Loads the library, by way of a temporary file.
     *
     * @param directories tried in order: some are mounted so that nothing in them can be executed
     * @throws UnsupportedOperationException if it cannot be loaded; the message says why
     */
    static PageRelease load(List<Path> directories) {
        String resource = "holdfast-pages-" + System.getProperty("os.arch").replace("aarch64", "arm64") + ".so";
        String failure = "no directory to write to";
        try (InputStream library =
                JniPageRelease.class.getClassLoader().getResourceAsStream("io/holdfast/agent/heap/" + resource)) {
            if (library == null) {
                throw new UnsupportedOperationException("this jar was built without " + resource);
            }
            byte[] content = library.readAllBytes();
            for (Path directory : directories) {
                try {
                    loadFrom(directory, content);
                    return new JniPageRelease();
                } catch (IOException | RuntimeException | LinkageError e) { // denied, for instance
                    failure = e.toString();
                }
            }
        } catch (IOException e) {
            failure = e.toString();
        }
        throw new UnsupportedOperationException(failure);
    }

    @SuppressWarnings("restricted")
    private static void loadFrom(Path directory, byte[] content) throws IOException {
        Path file = Files.createTempFile(directory, "holdfast-pages-", ".so");
        try {
            Files.write(file, content);
            System.load(file.toAbsolutePath().toString());
        } finally {
            Files.deleteIfExists(file); // what is mapped stays
        }
    }

    @Override
    public String name() {
        return "jni";
    }

    @Override
    public long release(long[] zeros, long bytes) {
        return release0(zeros, PageRelease.pageBytes());
    }

    private static native long release0(long[] zeros, long pageBytes);
}
