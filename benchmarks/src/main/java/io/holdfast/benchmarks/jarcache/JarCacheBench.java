package io.holdfast.benchmarks.jarcache;

import io.holdfast.benchmarks.jarcache.Start.Took;
import io.holdfast.testing.hdfs.HdfsFixture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * How long pods of one node wait for their jars: from a real HDFS by Hadoop's client, as an init script would fetch them;
 * from an image by Holdfast's init container, copied, linked, or mounted and only verified; and copied by {@code cp}, which
 * is the physical limit, without and with {@code sha256sum}. A program on Java takes no less than its start and {@code cp}
 * together: that bound is printed too. 60 real jars, about 300 MB; one pod, and 20 at once. Pods are
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
        /** The init container's program with nothing to do: what Java takes to start. */
        START,
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
            Path bundle = new BundleImages(directory, java, builder(), hdfs).build(jars, figures);
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
            figures.put("speedup_vs_hdfs_" + pods + "_bound", hdfs / (wall(seen, Way.START, pods) + cp));
            figures.put("ratio_vs_cp_" + pods, wall(seen, Way.COPY, pods) / cp);
            figures.put(
                    "ratio_vs_start_and_cp_" + pods, wall(seen, Way.COPY, pods) / (wall(seen, Way.START, pods) + cp));
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

    private Took start(Way way, int pods, JarSet jars, Path bundle, HdfsFixture hdfs) throws IOException {
        Path targets = Files.createDirectories(directory.resolve("targets"));
        List<Start> starts = new ArrayList<>();
        for (int pod = 0; pod < pods; pod++) {
            Path target = Files.createDirectories(targets.resolve("pod-" + pod));
            starts.add(
                    switch (way) {
                        case HDFS -> fromHdfs(target, hdfs);
                        case COPY -> init("copy", "checksum", bundle, target);
                        case LINK -> init("hard-link", "checksum", bundle, target);
                        case IMAGE_VOLUME -> init("verify", "checksum", bundle, target);
                        case START -> init("verify", "off", bundle, target);
                        case CP ->
                            new Start(List.of("cp", "-a", bundle.resolve("jars") + "/.", target.toString()), Map.of());
                        case CP_AND_SHA256SUM ->
                            new Start(
                                    List.of("sh", "-ec", COPY_AND_CHECK, "sh", bundle.toString(), target.toString()),
                                    Map.of());
                    });
        }
        Took took = Start.all(starts, Files.createDirectories(directory.resolve("logs")));
        for (int pod = 0; pod < pods && way != Way.IMAGE_VOLUME && way != Way.START; pod++) {
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
    private Start init(String mode, String verify, Path bundle, Path target) {
        return image.start(Map.of(
                "HOLDFAST_JAR_CACHE_BUNDLE",
                bundle.toString(),
                "HOLDFAST_JAR_CACHE_TARGET",
                target.toString(),
                "HOLDFAST_JAR_CACHE_MODE",
                mode,
                "HOLDFAST_JAR_CACHE_VERIFY",
                verify,
                "HOLDFAST_JAR_CACHE_FALLBACK_SOURCES",
                "none",
                "HOLDFAST_JAR_CACHE_TERMINATION_MESSAGE_FILE",
                directory.resolve("termination").toString()));
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
