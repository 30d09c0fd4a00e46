package io.holdfast.flink.handoff;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.zip.CRC32C;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

/**
 * Reads the local state of one task at one checkpoint from a migration sidecar. The protocol is in {@code
 * docs/reference/state-handoff-api.yaml}. One thread.
 */
final class StateClient {

    private static final int CONNECT_MS = 2_000;

    /** A server that is told to go slowly makes its clients wait before it answers. */
    private static final int READ_MS = 15_000;

    /** Asked for at once. What was received counts, so what is lost with a connection is little. */
    private static final long RANGE_BYTES = 16L << 20;

    private static final int TRIES = 3;
    private static final int BUFFER_BYTES = 1 << 17;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final StateOffer offer;
    private final String place;

    /** @param place {@code ALLOCATION/JOB/VERTEX/SUBTASK/CHECKPOINT} */
    StateClient(StateOffer offer, String place) {
        this.offer = offer;
        this.place = place;
    }

    /**
     * What there is.
     *
     * @throws FileNotFoundException if there is nothing, or it is there no more
     */
    List<StateFile> list() throws IOException {
        HttpURLConnection connection = open("");
        try (InputStream body = body(connection)) {
            List<StateFile> files = new ArrayList<>();
            for (JsonNode file : JSON.readTree(body).path("files")) {
                files.add(new StateFile(
                        relative(file.path("path").asText()),
                        file.path("bytes").asLong(),
                        Integer.parseUnsignedInt(file.path("crc32c").asText(), 16)));
            }
            return files;
        } catch (NumberFormatException | InvalidPathException e) {
            throw new IOException("The listing of " + place + " cannot be understood: " + e, e);
        }
    }

    private static Path relative(String text) throws IOException {
        Path path = Path.of(text);
        if (text.isEmpty() || path.isAbsolute() || !path.normalize().equals(path) || path.startsWith("..")) {
            throw new IOException("A file must be below its checkpoint's directory, and is named " + text);
        }
        return path;
    }

    /**
     * Fetches one file; goes on where it was interrupted.
     *
     * @param target must not exist
     * @param cancelled looked at while bytes come in
     * @throws FileNotFoundException if it is there no more
     * @throws IOException also if what came is not what was listed; {@code target} may be there then
     */
    void fetch(StateFile file, Path target, BooleanSupplier cancelled) throws IOException {
        CRC32C checksum = new CRC32C();
        long received = 0;
        int failures = 0;
        try (OutputStream out = Files.newOutputStream(target, StandardOpenOption.CREATE_NEW)) {
            Receiver receiver = new Receiver(out, checksum, cancelled);
            while (received < file.bytes()) {
                try {
                    receive(file, received, receiver);
                    failures = 0;
                } catch (FileNotFoundException e) {
                    throw e;
                } catch (IOException e) {
                    failures++;
                    if (failures == TRIES || receiver.isBroken() || cancelled.getAsBoolean()) {
                        throw e;
                    }
                }
                received = receiver.bytes;
            }
        }
        if ((int) checksum.getValue() != file.crc32c()) {
            throw new IOException("%s of %s came damaged: its checksum is %08x and should be %08x"
                    .formatted(file.path(), place, (int) checksum.getValue(), file.crc32c()));
        }
    }

    private void receive(StateFile file, long from, Receiver receiver) throws IOException {
        long until = Math.min(file.bytes(), from + RANGE_BYTES);
        HttpURLConnection connection = open("/files/" + encoded(file.path()));
        connection.setRequestProperty("Range", "bytes=%d-%d".formatted(from, until - 1));
        try (InputStream body = body(connection)) {
            if (from > 0 && connection.getResponseCode() != HttpURLConnection.HTTP_PARTIAL) {
                throw new IOException("The server of " + place + " does not answer ranges");
            }
            receiver.take(body, file.bytes() - from);
        }
    }

    /** Keeps count of what came in. */
    private static final class Receiver {

        private final OutputStream out;
        private final CRC32C checksum;
        private final BooleanSupplier cancelled;
        private final byte[] buffer = new byte[BUFFER_BYTES];
        private long bytes;
        private boolean broken;

        Receiver(OutputStream out, CRC32C checksum, BooleanSupplier cancelled) {
            this.out = out;
            this.checksum = checksum;
            this.cancelled = cancelled;
        }

        /** Whether what was received could not be kept: no use to ask again. */
        boolean isBroken() {
            return broken;
        }

        void take(InputStream in, long most) throws IOException {
            long before = bytes;
            int count;
            while ((count = in.read(buffer)) >= 0) {
                if (cancelled.getAsBoolean()) {
                    throw new IOException("cancelled");
                }
                if (bytes - before + count > most) {
                    throw new IOException("more came than was asked for");
                }
                broken = true;
                out.write(buffer, 0, count);
                broken = false;
                checksum.update(buffer, 0, count);
                bytes += count;
            }
            if (bytes == before) {
                throw new IOException("an empty answer");
            }
        }
    }

    private HttpURLConnection open(String rest) throws IOException {
        URI uri = URI.create(offer.url() + "/state/" + place + rest);
        HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
        connection.setConnectTimeout(CONNECT_MS);
        connection.setReadTimeout(READ_MS);
        connection.setInstanceFollowRedirects(false);
        connection.setUseCaches(false);
        connection.setRequestProperty("Authorization", "Bearer " + offer.token());
        return connection;
    }

    private InputStream body(HttpURLConnection connection) throws IOException {
        int status = connection.getResponseCode();
        return switch (status) {
            case HttpURLConnection.HTTP_OK, HttpURLConnection.HTTP_PARTIAL -> connection.getInputStream();
            case HttpURLConnection.HTTP_NOT_FOUND ->
                throw new FileNotFoundException(connection.getURL() + " is not there");
            default -> throw new IOException(connection.getURL() + " answered " + status);
        };
    }

    private static String encoded(Path path) {
        StringBuilder encoded = new StringBuilder();
        for (Path name : path) {
            try {
                encoded.append(encoded.isEmpty() ? "" : "/")
                        .append(new URI(null, null, "/" + name, null)
                                .toASCIIString()
                                .substring(1));
            } catch (URISyntaxException e) {
                throw new IllegalArgumentException(e);
            }
        }
        return encoded.toString();
    }
}
