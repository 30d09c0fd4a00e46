package io.holdfast.benchmarks.jarcache;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Real jars, as a platform has them: the biggest of what Flink and Hadoop bring.
 *
 * @param jars the biggest first
 */
record JarSet(List<Path> jars) {

    /** The {@code count} biggest jars of {@code directories}; of several with one name, one. */
    static JarSet biggest(int count, List<Path> directories) throws IOException {
        Map<String, Path> byName = new TreeMap<>();
        for (Path directory : directories) {
            try (Stream<Path> files = Files.list(directory)) {
                files.filter(file -> file.toString().endsWith(".jar"))
                        .forEach(file -> byName.putIfAbsent(file.getFileName().toString(), file));
            }
        }
        List<Path> biggest = byName.values().stream()
                .sorted(Comparator.comparingLong(JarSet::size).reversed())
                .limit(count)
                .toList();
        if (biggest.size() < count) {
            throw new IOException("%s hold %d jars, and %d are needed".formatted(directories, biggest.size(), count));
        }
        return new JarSet(biggest);
    }

    long bytes() {
        return jars.stream().mapToLong(JarSet::size).sum();
    }

    private static long size(Path file) {
        return file.toFile().length();
    }

    /** A bundle file of these jars. {@code sources} says where each is. */
    String declare(String version, Function<Path, String> sources) {
        StringBuilder yaml = new StringBuilder(
                "name: bench\nversion: \"%s\"\nflink: [\"2.2\"]\njava: 25\njars:\n".formatted(version));
        for (Path jar : jars) {
            yaml.append("  - source: %s\n    place: lib\n".formatted(sources.apply(jar)));
        }
        return yaml.toString();
    }

    /** Whether {@code directory} has all of them, in full. */
    boolean areIn(Path directory) {
        return jars.stream()
                .allMatch(jar -> directory.resolve(jar.getFileName()).toFile().length() == size(jar));
    }
}
