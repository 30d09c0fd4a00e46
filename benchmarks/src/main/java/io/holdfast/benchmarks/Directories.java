package io.holdfast.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Directories with what they contain. */
final class Directories {

    private Directories() {}

    /** Makes an empty directory, whatever was there. */
    static void empty(Path directory) throws IOException {
        delete(directory);
        Files.createDirectories(directory);
    }

    /** Deletes a directory that need not exist. */
    static void delete(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        List<Path> old;
        try (Stream<Path> tree = Files.walk(directory)) {
            old = tree.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : old) {
            Files.deleteIfExists(path);
        }
    }
}
