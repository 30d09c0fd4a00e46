package io.holdfast.migration.state;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** All regular files of a checkpoint, in order of path. */
record Listing(List<Entry> files) {
    /** More would need more memory than a sidecar has. */
    static final int MOST_FILES = 16_384;

    private static final JsonFactory JSON = new JsonFactory();

    /** @param path relative to the checkpoint's directory, with slashes */
    record Entry(String path, long bytes, int crc32c) {}

    /**
     * Reads what {@code checkpoint} has, and of each file what is not known yet. Blocks. It is all or nothing: a checkpoint of
     * which a file goes meanwhile is being deleted, and one file less would be another state.
     *
     * @throws java.nio.file.NoSuchFileException if any of it is gone
     */
    static Listing of(Path checkpoint, Checksums checksums) throws IOException {
        List<Path> found = new ArrayList<>();
        Files.walkFileTree(checkpoint, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                if (attributes.isRegularFile()) {
                    found.add(file);
                }
                if (found.size() > MOST_FILES) {
                    throw new IOException("it has more than %d files".formatted(MOST_FILES));
                }
                return FileVisitResult.CONTINUE;
            }
        });
        List<Entry> entries = new ArrayList<>(found.size());
        for (Path file : found) {
            Checksums.Checked checked = checksums.of(file);
            String path = checkpoint
                    .relativize(file)
                    .toString()
                    .replace(file.getFileSystem().getSeparator(), "/");
            entries.add(new Entry(path, checked.bytes(), checked.crc32c()));
        }
        entries.sort(Comparator.comparing(Entry::path));
        return new Listing(List.copyOf(entries));
    }

    long bytes() {
        return files.stream().mapToLong(Entry::bytes).sum();
    }

    byte[] json() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(out)) {
            json.writeStartObject();
            json.writeArrayFieldStart("files");
            for (Entry file : files) {
                json.writeStartObject();
                json.writeStringField("path", file.path());
                json.writeNumberField("bytes", file.bytes());
                json.writeStringField("crc32c", "%08x".formatted(file.crc32c()));
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
        } catch (IOException e) {
            throw new IllegalStateException("memory cannot be written to", e);
        }
        return out.toByteArray();
    }
}
