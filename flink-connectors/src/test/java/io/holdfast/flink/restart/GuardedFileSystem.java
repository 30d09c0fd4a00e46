package io.holdfast.flink.restart;

import java.io.IOException;
import java.net.URI;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.FileSystemFactory;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.fs.local.LocalFileSystem;

/** Local files under URIs such as {@code guarded:///tmp/x}: written always, read only while a test allows it. */
public final class GuardedFileSystem extends LocalFileSystem {

    private static final String SCHEME = "guarded";

    private static volatile boolean readable = true;

    /** Flink finds it as a service. */
    public static final class Factory implements FileSystemFactory {
        @Override
        public String getScheme() {
            return SCHEME;
        }

        @Override
        public FileSystem create(URI uri) {
            return new GuardedFileSystem();
        }
    }

    /** Whether files can be read from now on. */
    static void readable(boolean value) {
        readable = value;
    }

    static String uri(java.nio.file.Path directory) {
        return SCHEME + "://" + directory.toAbsolutePath();
    }

    @Override
    public URI getUri() {
        return URI.create(SCHEME + ":///");
    }

    @Override
    public FSDataInputStream open(Path file) throws IOException {
        requireReadable(file);
        return super.open(file);
    }

    @Override
    public FSDataInputStream open(Path file, int bufferSize) throws IOException {
        requireReadable(file);
        return super.open(file, bufferSize);
    }

    private static void requireReadable(Path file) throws IOException {
        if (!readable) {
            throw new IOException("told not to read " + file);
        }
    }
}
