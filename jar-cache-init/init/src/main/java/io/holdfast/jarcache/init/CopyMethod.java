package io.holdfast.jarcache.init;

import io.holdfast.jarcache.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Locale;
import java.util.Optional;

/** The ways to make a new file of the bytes of another. */
enum CopyMethod {
    /** Another name for the same file. Fails across mounts, and where the kernel protects files of other users. */
    HARD_LINK {
        @Override
        Optional<String> copy(Path source, Path partial, boolean digest) throws IOException {
            Files.createLink(partial, source);
            return digest ? Optional.of(Sha256.of(partial)) : Optional.empty();
        }
    },

    /**
     * Left to the kernel. On JDK 25 {@link FileChannel#transferTo} is {@code copy_file_range}, with which XFS and Btrfs
     * share blocks; on JDK 17 it is {@code sendfile}, with which they never do (both seen by strace). The digest is read from the new file, which
     * is in the page cache unless blocks are shared.
     */
    REFLINK {
        @Override
        Optional<String> copy(Path source, Path partial, boolean digest) throws IOException {
            try (FileChannel in = openSource(source);
                    FileChannel out =
                            FileChannel.open(partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                long size = in.size();
                long done = 0;
                while (done < size) {
                    long moved = in.transferTo(done, size - done, out);
                    if (moved <= 0) {
                        throw new SourceUnreadable("it ends after %d of %d bytes".formatted(done, size), null);
                    }
                    done += moved;
                }
            }
            return digest ? Optional.of(Sha256.of(partial)) : Optional.empty();
        }
    },

    /** Through a buffer that stays in the processor's cache, so that the digest costs no second look at memory. */
    COPY {
        @Override
        Optional<String> copy(Path source, Path partial, boolean digest) throws IOException {
            if (!digest) {
                return REFLINK.copy(source, partial, false);
            }
            MessageDigest sha256 = Sha256.digest();
            ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
            byte[] bytes = new byte[BUFFER_BYTES];
            try (FileChannel in = openSource(source);
                    FileChannel out =
                            FileChannel.open(partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                for (int read = read(in, buffer); read >= 0; read = read(in, buffer)) {
                    buffer.flip().get(0, bytes, 0, read);
                    sha256.update(bytes, 0, read);
                    while (buffer.hasRemaining()) {
                        out.write(buffer);
                    }
                    buffer.clear();
                }
            }
            return Optional.of(Sha256.hex(sha256));
        }
    };

    private static final int BUFFER_BYTES = 1 << 18;

    /** The source, not the target, is what failed. */
    static final class SourceUnreadable extends IOException {
        private static final long serialVersionUID = 1L;

        SourceUnreadable(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /**
     * Makes {@code partial}, which does not exist, of the bytes of {@code source}.
     *
     * @return the SHA-256 of what was made, if {@code digest}
     * @throws SourceUnreadable if {@code source} cannot be read
     * @throws IOException if {@code partial} cannot be made so; what is there then is for the caller to delete
     */
    abstract Optional<String> copy(Path source, Path partial, boolean digest) throws IOException;

    /** As users write it. */
    String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static FileChannel openSource(Path source) throws IOException {
        try {
            return FileChannel.open(source);
        } catch (IOException e) {
            throw new SourceUnreadable(String.valueOf(e.getMessage()), e);
        }
    }

    private static int read(FileChannel in, ByteBuffer buffer) throws IOException {
        try {
            return in.read(buffer);
        } catch (ClosedByInterruptException e) {
            throw e;
        } catch (IOException e) {
            throw new SourceUnreadable(String.valueOf(e.getMessage()), e);
        }
    }
}
