package io.holdfast.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Makes an empty directory, whatever an earlier run left there. */
final class Directories {

    private Directories() {}

    static void empty(Path directory) throws IOException {
        if (Files.exists(directory)) {
            List<Path> old;
            try (Stream<Path> tree = Files.walk(directory)) {
                old = tree.sorted(Comparator.reverseOrder()).toList();
            }
            for (Path path : old) {
                Files.deleteIfExists(path);
            }
        }
        Files.createDirectories(directory);
    }
}
