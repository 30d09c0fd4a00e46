package io.holdfast.jarcache.init;

import io.holdfast.jarcache.Checksum;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Optional;

/** The ways to make a new file of the bytes of another. */
enum CopyMethod {
    /** Another name for the same file. Fails across mounts, and where the kernel protects files of other users. */
    HARD_LINK {
        @Override
        Optional<String> copy(Path source, Path partial, Optional<Checksum> checksum) throws IOException {
            Files.createLink(partial, source);
            try {
                return ofFile(checksum, partial);
            } catch (ClosedByInterruptException e) {
                throw e;
            } catch (IOException e) { // it is the source
                throw new SourceUnreadable(String.valueOf(e.getMessage()), e);
            }
        }
    },

    /**
     * Left to the kernel, where it shares blocks: on JDK 25 {@link FileChannel#transferTo} is {@code copy_file_range}, with
     * which XFS and Btrfs do; on JDK 17 it is {@code sendfile}, with which they never do (both seen by strace).
     */
    REFLINK {
        @Override
        Optional<String> copy(Path source, Path partial, Optional<Checksum> checksum) throws IOException {
            return copyInKernel(source, partial, checksum);
        }
    },

    /** Left to the kernel, where it does not share blocks. */
    COPY {
        @Override
        Optional<String> copy(Path source, Path partial, Optional<Checksum> checksum) throws IOException {
            return copyInKernel(source, partial, checksum);
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
     * @return the {@code checksum} of what was made, if one is wanted
     * @throws SourceUnreadable if {@code source} cannot be read
     * @throws IOException if {@code partial} cannot be made so; what is there then is for the caller to delete
     */
    abstract Optional<String> copy(Path source, Path partial, Optional<Checksum> checksum) throws IOException;

    /**
     * Where many pods start at once, this and a look at the new file, which is in the page cache, take less of the
     * processors than to pass all bytes through a buffer of ours and see them on their way.
     */
    private static Optional<String> copyInKernel(Path source, Path partial, Optional<Checksum> checksum)
            throws IOException {
        try (FileChannel in = openSource(source);
                FileChannel out = FileChannel.open(partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            long size = in.size();
            long done = 0;
            while (done < size) {
                long moved = transfer(in, done, size - done, out);
                if (moved <= 0) {
                    throw new SourceUnreadable("it ends after %d of %d bytes".formatted(done, size), null);
                }
                done += moved;
            }
        }
        return ofFile(checksum, partial);
    }

    private static Optional<String> ofFile(Optional<Checksum> checksum, Path file) throws IOException {
        return checksum.isEmpty()
                ? Optional.empty()
                : Optional.of(checksum.get().of(file));
    }

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

    /** Which end has failed is found out by reading. */
    private static long transfer(FileChannel in, long from, long count, FileChannel out) throws IOException {
        try {
            return in.transferTo(from, count, out);
        } catch (ClosedByInterruptException e) {
            throw e;
        } catch (IOException e) {
            ByteBuffer probe = ByteBuffer.allocate(BUFFER_BYTES);
            for (long at = from; at < from + count; at += BUFFER_BYTES) {
                read(in.position(at), probe.clear());
            }
            throw e;
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
