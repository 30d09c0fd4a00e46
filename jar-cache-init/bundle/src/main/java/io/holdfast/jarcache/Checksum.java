package io.holdfast.jarcache;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/** What bytes are recognised by. */
public enum Checksum {

    /** SHA-256: nobody can make other bytes that have it. */
    SHA_256("sha256") {
        @Override
        public Running begin() {
            MessageDigest digest = sha256();
            return new Running() {
                private final byte[] chunk = new byte[CHUNK_BYTES];

                @Override
                public void update(ByteBuffer bytes) {
                    while (bytes
                            .hasRemaining()) { // in few large steps: the processor's instructions for it take an array
                        int count = Math.min(chunk.length, bytes.remaining());
                        bytes.get(chunk, 0, count);
                        digest.update(chunk, 0, count);
                    }
                }

                @Override
                public String hex() {
                    return HexFormat.of().formatHex(digest.digest());
                }
            };
        }

        @Override
        public String of(BundledJar jar) {
            return jar.sha256();
        }
    },

    /**
     * CRC-32C (Castagnoli; RFC 3720, appendix B.4): finds damage, all but one of four billion, and costs next to
     * nothing. It does not stop anybody who means harm.
     */
    CRC_32C("crc32c") {
        @Override
        public Running begin() {
            CRC32C crc = new CRC32C();
            return new Running() {
                @Override
                public void update(ByteBuffer bytes) {
                    crc.update(bytes);
                }

                @Override
                public String hex() {
                    return HexFormat.of().toHexDigits((int) crc.getValue());
                }
            };
        }

        @Override
        public String of(BundledJar jar) {
            return jar.crc32c();
        }
    };

    private static final int CHUNK_BYTES = 1 << 18;

    private final String word;

    Checksum(String word) {
        this.word = word;
    }

    /** Of bytes that pass by. One thread. */
    public interface Running {

        /** Consumes all that remains in {@code bytes}. */
        void update(ByteBuffer bytes);

        /** In lower case; nothing may be added after it. */
        String hex();
    }

    public abstract Running begin();

    /** What {@code jar} must have. */
    public abstract String of(BundledJar jar);

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Of the bytes of {@code file}, in lower case. */
    public String of(Path file) throws IOException {
        Running running = begin();
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK_BYTES);
            while (channel.read(buffer) >= 0) {
                running.update(buffer.flip());
                buffer.clear();
            }
        }
        return running.hex();
    }

    /** As it is called in files and messages. */
    public String word() {
        return word;
    }
}
