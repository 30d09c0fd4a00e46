package io.holdfast.migration.state;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * CRC32C of files, each read once: what a checkpoint has in common with the one before is hard links of the same files. A file
 * that has another size or time by now is another file. Remembers the {@link #MOST} that were asked for last. Thread-safe; two
 * threads that ask for the same new file at once both read it.
 */
final class Checksums {
    static final int MOST = 16_384;
    private static final int BUFFER = 64 * 1024;

    private final Runnable computed;
    private final Map<Key, Integer> known;

    private record Key(Object device, long bytes, FileTime modified) {
        static Key of(Path file) throws IOException {
            BasicFileAttributes attributes =
                    Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            // Device and inode; where a file system has none, the path has to do.
            Object device = attributes.fileKey() == null ? file : attributes.fileKey();
            return new Key(device, attributes.size(), attributes.lastModifiedTime());
        }
    }

    /** @param computed told of each file that was read */
    Checksums(Runnable computed) {
        this(computed, MOST);
    }

    Checksums(Runnable computed, int most) {
        this.computed = computed;
        this.known = new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<Key, Integer> eldest) {
                return size() > most;
            }
        };
    }

    /**
     * Size and checksum of {@code file}. Blocks.
     *
     * @throws java.nio.file.NoSuchFileException if it is gone
     */
    Checked of(Path file) throws IOException {
        Key key = Key.of(file);
        synchronized (known) {
            Integer remembered = known.get(key);
            if (remembered != null) {
                return new Checked(key.bytes(), remembered);
            }
        }
        Checked read = read(file, (int) Math.min(BUFFER, key.bytes() + 1));
        computed.run();
        if (read.bytes() == key.bytes() && Key.of(file).equals(key)) { // else it was written meanwhile
            synchronized (known) {
                known.put(key, read.crc32c());
            }
        }
        return read;
    }

    private static Checked read(Path file, int atOnce) throws IOException {
        CRC32C checksum = new CRC32C();
        long bytes = 0;
        ByteBuffer buffer = ByteBuffer.allocate(atOnce);
        try (SeekableByteChannel channel =
                Files.newByteChannel(file, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
            while (channel.read(buffer) >= 0) {
                buffer.flip();
                bytes += buffer.remaining();
                checksum.update(buffer);
                buffer.clear();
            }
        }
        return new Checked(bytes, (int) checksum.getValue());
    }

    /** Of one file. */
    record Checked(long bytes, int crc32c) {}
}
