package io.holdfast.benchmarks.jarcache;

import io.holdfast.benchmarks.jarcache.Start.Took;
import io.holdfast.jarcache.Checksum;
import io.holdfast.testing.hdfs.HdfsFixture;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * How long pods of one node wait for their jars: from a real HDFS by Hadoop's client, as an init script would fetch them;
 * from an image by Holdfast's init container, copied, linked, or mounted and only verified; and copied by {@code cp}, which
 * is the physical limit, without and with {@code sha256sum}. 60 real jars, about 300 MB; one pod, and 20 at once. Pods are
 * processes here, of what is in the image: what a container takes to start is the same for all, and not part of it.
 */
public final class JarCacheBench {

    private static final int JARS = 60;
    private static final int MANY = 20;

    /** As a shell script would, with the bundle and the target as its arguments. */
    private static final String COPY_AND_CHECK =
            "cp -a \"$1/jars/.\" \"$2\"; cd \"$2\"; sha256sum --quiet -c \"$1.sums\"";

    /** How pods get their jars. */
    private enum Way {
        HDFS,
        COPY,
        LINK,
        IMAGE_VOLUME,
        CP,
        CP_AND_SHA256SUM;

        String key() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Path home;
    private final Path directory;
    private final Consumer<String> log;
    private final boolean quick;
    private UnpackedImage image;
    private final String java =
            Path.of(System.getProperty("java.home"), "bin", "java").toString();

    /**
     * @param home a checkout in which everything that is needed is built
     * @param directory empty
     */
    public JarCacheBench(Path home, boolean quick, Path directory, Consumer<String> log) {
        this.home = home;
        this.quick = quick;
        this.directory = directory;
        this.log = log;
    }

    /** All figures by key, in order. */
    public Map<String, Object> run() throws IOException {
        image = UnpackedImage.of(
                home.resolve("images/jar-cache/target/jar-cache.tar"),
                Files.createDirectories(directory.resolve("image")));
        JarSet jars = JarSet.biggest(
                JARS,
                List.of(
                        home.resolve("testing/flink-dist/2.2/target/lib"),
                        builder().resolve("lib")));
        log.accept(String.format(Locale.ROOT, "%d jars, %.0f MB", JARS, jars.bytes() / 1e6));
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("jars", JARS);
        figures.put("bytes", jars.bytes());
        try (HdfsFixture hdfs = HdfsFixture.in(Files.createDirectories(directory.resolve("hdfs")))
                .builtIn(home.resolve("testing/hdfs/target"))
                .start()) {
            for (Path jar : jars.jars()) {
                hdfs.put(jar, "/jars/" + jar.getFileName());
            }
            Path bundle = images(jars, hdfs, figures);
            Map<String, List<Took>> seen = new LinkedHashMap<>();
            long read = 0;
            for (int pods : List.of(1, MANY)) {
                int rounds = quick ? (pods == 1 ? 3 : 1) : (pods == 1 ? 9 : 3);
                for (int round = 0; round <= rounds; round++) { // the first fills the page cache, and does not count
                    for (Way way : Way.values()) {
                        long before = hdfs.bytesRead();
                        Took took = start(way, pods, jars, bundle, hdfs);
                        read += way == Way.HDFS ? 0 : hdfs.bytesRead() - before;
                        if (round > 0) {
                            seen.computeIfAbsent(key(way, pods), ignored -> new ArrayList<>())
                                    .add(took);
                        }
                    }
                    log.accept("%d at once, round %d of %d".formatted(pods, round, rounds));
                }
            }
            figures.putAll(figures(seen, read));
        }
        return figures;
    }

    private static String key(Way way, int pods) {
        return way.key() + "_" + pods;
    }

    private Map<String, Object> figures(Map<String, List<Took>> seen, long read) {
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("hdfs_bytes_read_with_cache", read);
        for (int pods : List.of(1, MANY)) {
            double hdfs = wall(seen, Way.HDFS, pods);
            double cp = wall(seen, Way.CP, pods);
            figures.put("speedup_vs_hdfs_" + pods, hdfs / wall(seen, Way.COPY, pods));
            figures.put("speedup_vs_hdfs_" + pods + "_link", hdfs / wall(seen, Way.LINK, pods));
            figures.put("speedup_vs_hdfs_" + pods + "_image_volume", hdfs / wall(seen, Way.IMAGE_VOLUME, pods));
            figures.put("ratio_vs_cp_" + pods, wall(seen, Way.COPY, pods) / cp);
            figures.put(
                    "ratio_vs_cp_and_sha256sum_" + pods,
                    wall(seen, Way.COPY, pods) / wall(seen, Way.CP_AND_SHA256SUM, pods));
        }
        figures.put("ratio_vs_cp", figures.get("ratio_vs_cp_" + MANY));
        figures.put(
                "init_cpu_ms",
                median(seen.get(key(Way.COPY, 1)).stream().map(Took::cpuMillis).toList()));
        seen.forEach((key, times) -> {
            figures.put(key + "_ms", median(times.stream().map(Took::wallMillis).toList()));
            figures.put(
                    key + "_ms_of_each", times.stream().map(Took::wallMillis).toList());
            log.accept(String.format(
                    Locale.ROOT,
                    "%-18s %,10.0f ms",
                    key,
                    median(times.stream().map(Took::wallMillis).toList())));
        });
        return figures;
    }

    private static double wall(Map<String, List<Took>> seen, Way way, int pods) {
        return median(seen.get(key(way, pods)).stream().map(Took::wallMillis).toList());
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    // ------------------------------------------------------------------ starts

    private Took start(Way way, int pods, JarSet jars, Path bundle, HdfsFixture hdfs) throws IOException {
        Path targets = Files.createDirectories(directory.resolve("targets"));
        List<Start> starts = new ArrayList<>();
        for (int pod = 0; pod < pods; pod++) {
            Path target = Files.createDirectories(targets.resolve("pod-" + pod));
            starts.add(
                    switch (way) {
                        case HDFS -> fromHdfs(target, hdfs);
                        case COPY -> init("copy", bundle, target);
                        case LINK -> init("hard-link", bundle, target);
                        case IMAGE_VOLUME -> init("verify", bundle, target);
                        case CP ->
                            new Start(List.of("cp", "-a", bundle.resolve("jars") + "/.", target.toString()), Map.of());
                        case CP_AND_SHA256SUM ->
                            new Start(
                                    List.of("sh", "-ec", COPY_AND_CHECK, "sh", bundle.toString(), target.toString()),
                                    Map.of());
                    });
        }
        Took took = Start.all(starts, Files.createDirectories(directory.resolve("logs")));
        for (int pod = 0; pod < pods && way != Way.IMAGE_VOLUME; pod++) {
            if (!jars.areIn(targets.resolve("pod-" + pod).resolve("lib"))) {
                throw new IOException("%s left jars out".formatted(way.key()));
            }
        }
        delete(targets);
        return took;
    }

    /** {@code hdfs dfs -get}, without the shell script around it. */
    private Start fromHdfs(Path target, HdfsFixture hdfs) throws IOException {
        Path lib = Files.createDirectories(target.resolve("lib"));
        return new Start(
                List.of(
                        image.java().toString(),
                        "-cp",
                        hdfs.configuration() + ":" + builder().resolve("lib") + "/*",
                        "org.apache.hadoop.fs.FsShell",
                        "-get",
                        "/jars/*",
                        lib.toString()),
                Map.of());
    }

    /** The init container. */
    private Start init(String mode, Path bundle, Path target) {
        return image.start(Map.of(
                "HOLDFAST_JAR_CACHE_BUNDLE", bundle.toString(),
                "HOLDFAST_JAR_CACHE_TARGET", target.toString(),
                "HOLDFAST_JAR_CACHE_MODE", mode,
                "HOLDFAST_JAR_CACHE_FALLBACK_SOURCES", "none",
                "HOLDFAST_JAR_CACHE_TERMINATION_MESSAGE_FILE",
                        directory.resolve("termination").toString()));
    }

    // ------------------------------------------------------------------ images

    /** Builds images, for what is to be said of them; returns the directory that a node has of one. */
    private Path images(JarSet jars, HdfsFixture hdfs, Map<String, Object> figures) throws IOException {
        String one = build(jars, "1", "one", hdfs);
        String again = build(jars, "1", "again", hdfs);
        figures.put("digest_stable", one.equals(again) ? 1 : 0);

        Path smallest = jars.jars().get(JARS - 1);
        Path middle = jars.jars().get(JARS / 2);
        List<Path> others = new ArrayList<>(jars.jars());
        Path next = directory.resolve(middle.getFileName().toString().replace(".jar", "-next.jar"));
        concatenate(middle, smallest, next);
        others.set(JARS / 2, next);
        build(new JarSet(others), "2", "bumped", hdfs);
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

    private String build(JarSet jars, String version, String name, HdfsFixture hdfs) throws IOException {
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
                builder().resolve("holdfast-bundle.jar") + ":" + builder().resolve("lib") + "/*",
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

    private Path builder() {
        return home.resolve("jar-cache-init/builder/target");
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
