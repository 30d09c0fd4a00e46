package io.holdfast.benchmarks.jarcache;

import io.holdfast.jarcache.Checksum;
import io.holdfast.testing.hdfs.HdfsFixture;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Images of a bundle, of the same one again, and of its next version, as {@code ./holdfast bundle} builds them. */
final class BundleImages {

    private final Path directory;
    private final String java;
    private final Path builder;
    private final HdfsFixture hdfs;

    /**
     * @param directory for the images
     * @param java that runs the builder
     * @param builder where it is built
     * @param hdfs the declared source of the jars
     */
    BundleImages(Path directory, String java, Path builder, HdfsFixture hdfs) {
        this.directory = directory;
        this.java = java;
        this.builder = builder;
        this.hdfs = hdfs;
    }

    /** Builds them, adds what is to be said of them to {@code figures}, and returns the directory that a node has of one. */
    Path build(JarSet jars, Map<String, Object> figures) throws IOException {
        String one = image(jars, "1", "one");
        String again = image(jars, "1", "again");
        figures.put("digest_stable", one.equals(again) ? 1 : 0);

        Path smallest = jars.jars().get(jars.jars().size() - 1);
        int middleIndex = jars.jars().size() / 2;
        Path middle = jars.jars().get(middleIndex);
        List<Path> others = new ArrayList<>(jars.jars());
        Path next = directory.resolve(middle.getFileName().toString().replace(".jar", "-next.jar"));
        concatenate(middle, smallest, next);
        others.set(middleIndex, next);
        image(new JarSet(others), "2", "bumped");
        Set<String> known = new HashSet<>();
        blobs("one").forEach(blob -> known.add(blob.getFileName().toString()));
        long pushed = blobs("bumped").stream()
                .filter(blob -> !known.contains(blob.getFileName().toString()))
                .mapToLong(blob -> blob.toFile().length())
                .sum();
        figures.put(
                "relayered_bytes_ratio_after_one_bump",
                (double) pushed / next.toFile().length());
        return unpack(jars);
    }

    /** The next version of a jar: most of it is as it was. */
    private static void concatenate(Path jar, Path more, Path target) throws IOException {
        Files.copy(jar, target, StandardCopyOption.REPLACE_EXISTING);
        Files.write(target, Files.readAllBytes(more), StandardOpenOption.APPEND);
    }

    private String image(JarSet jars, String version, String name) throws IOException {
        Path work = Files.createDirectories(directory.resolve(name));
        Path file = Files.writeString(
                work.resolve("bundle.yaml"),
                jars.declare(
                        version,
                        jar -> jar.startsWith(directory) ? "file:" + jar : hdfs.uri() + "/jars/" + jar.getFileName()));
        tool(work, "lock", file.toString());
        return tool(work, "build", file.toString(), "--to", "oci:" + work.resolve("image"))
                .lines()
                .filter(line -> line.startsWith("sha256:"))
                .findFirst()
                .orElseThrow();
    }

    private String tool(Path work, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                java,
                "-cp",
                builder.resolve("holdfast-bundle.jar") + ":" + builder.resolve("lib") + "/*",
                "io.holdfast.jarcache.builder.BundleTool"));
        command.addAll(List.of(arguments));
        command.addAll(List.of("--cache", work.resolve("cache").toString()));
        Start.all(List.of(new Start(command, Map.of())), work);
        return Files.readString(work.resolve("start-0.log"));
    }

    private List<Path> blobs(String name) throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve(name).resolve("image/blobs/sha256"))) {
            return files.toList();
        }
    }

    /** The bundle as it lies in a container that was started from the image: the layers of "one", one upon the other. */
    private Path unpack(JarSet jars) throws IOException {
        Path root = Files.createDirectories(directory.resolve("node"));
        for (Path blob : blobs("one")) {
            if (isLayer(blob)) {
                Start.all(
                        List.of(new Start(List.of("tar", "-xzf", blob.toString(), "-C", root.toString()), Map.of())),
                        directory);
            }
        }
        Path bundle = root.resolve("holdfast/bundle");
        StringBuilder sums = new StringBuilder();
        for (Path jar : jars.jars()) {
            sums.append("%s  lib/%s%n".formatted(Checksum.SHA_256.of(jar), jar.getFileName()));
        }
        Files.writeString(bundle.resolveSibling(bundle.getFileName() + ".sums"), sums);
        if (!jars.areIn(bundle.resolve("jars/lib"))) {
            throw new IOException("the image lacks jars: " + bundle);
        }
        return bundle;
    }

    private static boolean isLayer(Path blob) throws IOException {
        try (InputStream in = Files.newInputStream(blob)) {
            return in.read() == 0x1f && in.read() == 0x8b; // gzip, RFC 1952
        }
    }
}
