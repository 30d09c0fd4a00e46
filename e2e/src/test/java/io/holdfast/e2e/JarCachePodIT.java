package io.holdfast.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.testing.Eventually;
import io.holdfast.testing.containers.Finished;
import io.holdfast.testing.containers.Needs;
import io.holdfast.testing.containers.Podman;
import io.holdfast.testing.containers.Tool;
import io.holdfast.testing.hdfs.HdfsFixture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.io.TempDir;

/** Pods start on the jars of their image, HDFS is asked for what is damaged there, and nothing starts on a wrong jar. */
@Needs({Tool.PODMAN, Tool.BUSYBOX})
@EnabledForJreRange(maxVersion = 23, disabledReason = "Hadoop's servers need a Java older than 24: run Maven with one")
@Timeout(180)
class JarCachePodIT {

    private static final int UNAVAILABLE = 69;
    private static final int TRY_AGAIN = 75;
    private static final int BAD_CONFIGURATION = 78;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String LARGE = "lib/large.jar";
    private static final String SMALL = "plugins/storage/small.jar";

    @TempDir
    private static Path built;

    private static Podman podman;
    private static HdfsFixture hdfs;
    private static String initImage;
    private static String bundleImage;
    private static String shellImage;

    /** Digest by path of all jars of the bundle. */
    private static final Map<String, String> DIGESTS = new LinkedHashMap<>();

    @TempDir
    private Path directory;

    private List<Path> damaged = List.of();
    private byte[] undamaged;
    private boolean hdfsDown;
    private boolean hdfsFrozen;

    @BeforeAll
    static void buildImages() throws IOException {
        hdfs = HdfsFixture.in(Files.createDirectories(built.resolve("hdfs"))).start();
        StringBuilder declared = new StringBuilder("""
                name: platform
                version: "1"
                flink: ["2.2", "2.3"]
                jars:
                """);
        Map<String, Integer> sizes =
                Map.of(LARGE, 6_000_000, SMALL, 60_000, "lib/other.jar", 300_000, "usrlib/job.jar", 90_000);
        for (String path : sizes.keySet().stream().sorted().toList()) {
            Path file = randomJar(built.resolve("source.jar"), sizes.get(path), path.hashCode());
            DIGESTS.put(path, sha256(file));
            hdfs.put(file, "/platform/" + path);
            declared.append("  - {source: \"%s/platform/%s\", place: %s}%n"
                    .formatted(hdfs.uri(), path, path.substring(0, path.lastIndexOf('/'))));
        }
        Files.writeString(built.resolve("bundle.yaml"), declared);
        BundleCommand bundle = new BundleCommand(built);
        String file = built.resolve("bundle.yaml").toString();
        bundle.run("lock", file);
        bundle.run(
                "build",
                file,
                "--base",
                "tar:" + Installation.jarCacheImage(),
                "--to",
                "tar:" + built.resolve("init.tar"));
        bundle.run("build", file, "--to", "tar:" + built.resolve("volume.tar"));

        podman = Podman.start();
        initImage = podman.load(built.resolve("init.tar"));
        podman.podman("tag", initImage, "localhost/platform-init:1");
        initImage = "localhost/platform-init:1";
        bundleImage = podman.load(built.resolve("volume.tar"));
        shellImage = podman.shell();
    }

    @AfterAll
    static void removeAll() {
        if (podman != null) {
            podman.close();
        }
        if (hdfs != null) {
            hdfs.close();
        }
    }

    @AfterEach
    void repair() throws IOException {
        for (Path file : damaged) {
            Files.write(file, undamaged);
        }
        if (hdfsFrozen) {
            hdfs.thaw();
        }
        if (hdfsDown) {
            hdfs.restart();
        }
    }

    @Test
    void jarsOfTheImageAreThereBeforeFlinkStartsAndHdfsIsNotAsked() {
        long bytesBefore = hdfs.bytesRead();

        JarCachePod pod = pod("usual").play();

        assertThat(pod.started()).as(pod::report).isTrue();
        assertThat(pod.jarsSeen()).isEqualTo(DIGESTS);
        assertThat(pod.initLog()).contains("Jars ready", "placed=4", "fetched=0");
        assertThat(pod.terminationMessage()).isEmpty();
        assertThat(hdfs.bytesRead()).isEqualTo(bytesBefore);
    }

    @Test
    void restartedPodKeepsWhatIsThere() {
        JarCachePod pod = pod("restarted").play();
        assertThat(pod.jarsSeen()).isEqualTo(DIGESTS);

        assertThat(pod.pod().restart().exitCode()).as(pod::report).isZero();

        Eventually.until(PATIENCE, () -> assertThat(pod.initLog()).contains("placed=0 kept=4"));
    }

    @Test
    void jarOfADamagedLayerComesFromHdfs() throws IOException {
        damageLayer(SMALL);
        long bytesBefore = hdfs.bytesRead();

        JarCachePod pod = pod("damaged").play();

        assertThat(pod.started()).as(pod::report).isTrue();
        assertThat(pod.jarsSeen()).isEqualTo(DIGESTS);
        assertThat(pod.initLog()).contains(SMALL, "its crc32c is", "placed=3", "fetched=1");
        assertThat(hdfs.bytesRead() - bytesBefore).isBetween(60_000L, 120_000L);
    }

    @Test
    void damagedLayerWithHdfsDownKeepsThePodFromStarting() throws IOException {
        damageLayer(SMALL);
        stopHdfs();

        JarCachePod pod = pod("down").play();

        assertRefused(pod, UNAVAILABLE);
        assertThat(pod.terminationMessage())
                .contains(SMALL, "its crc32c is", hdfs.uri().toString())
                .contains("Build the image again with './holdfast bundle build', or make the jar available");
    }

    @Test
    void otherJarInHdfsThanTheBundleDeclaresKeepsThePodFromStarting() throws IOException {
        damageLayer(SMALL);
        Path wrong = randomJar(directory.resolve("wrong.jar"), 60_000, 1);
        Path right = randomJar(directory.resolve("right.jar"), 60_000, SMALL.hashCode());
        assertThat(sha256(right)).isEqualTo(DIGESTS.get(SMALL));
        hdfs.put(wrong, "/platform/" + SMALL);

        JarCachePod pod = pod("wrong").play();
        hdfs.put(right, "/platform/" + SMALL);

        assertRefused(pod, UNAVAILABLE);
        assertThat(pod.terminationMessage()).contains(SMALL, sha256(wrong), DIGESTS.get(SMALL));
    }

    @Test
    void fullVolumeIsNamed() {
        JarCachePod pod =
                pod("full").onHostDirectory(podman.smallDirectory(2 << 20)).play();

        assertRefused(pod, TRY_AGAIN);
        assertThat(pod.terminationMessage())
                .contains(LARGE, "No space left on device", "Give the volume mounted at /holdfast/jars more space");
    }

    @Test
    void readOnlyVolumeIsNamed() {
        JarCachePod pod = pod("read-only").withReadOnlyTarget().play();

        assertRefused(pod, BAD_CONFIGURATION);
        assertThat(pod.terminationMessage()).contains("Read-only file system", "Mount a volume at /holdfast/jars");
    }

    @Test
    void directoryOfAnotherUserIsNamed() throws IOException {
        Path shared = shared("rwxr-xr-x");

        JarCachePod pod = pod("foreign").onHostDirectory(shared).play();

        assertRefused(pod, BAD_CONFIGURATION);
        assertThat(pod.terminationMessage()).contains("Permission denied", "fsGroup or runAsUser");
    }

    @Test
    void killedInTheMiddleItIsContinuedAndNothingPartialStays() throws IOException {
        damageLayer(SMALL);
        freezeHdfs();
        Path shared = shared("rwxrwxrwx");
        JarCachePod pod = pod("killed").onHostDirectory(shared).begin();
        Eventually.until(PATIENCE, () -> assertThat(pod.initLog()).contains("Jar in the image unusable"));
        Eventually.until(PATIENCE, () -> assertThat(shared.resolve(LARGE)).exists());

        pod.pod().signal(JarCachePod.INIT, "KILL");

        pod.awaitStart();
        assertThat(pod.initExitCode()).isEqualTo(128 + 9);
        assertThat(jarsIn(shared)).doesNotContainKey(SMALL);
        assertThat(Files.list(shared.resolve(".holdfast/runs"))).isNotEmpty();

        thawHdfs();
        assertThat(pod.pod().restart().exitCode()).as(pod::report).isZero();

        assertThat(pod.jarsSeen()).isEqualTo(DIGESTS);
        assertThat(Files.list(shared.resolve(".holdfast/runs"))).isEmpty();
    }

    @Test
    void toldToEndInTheMiddleItLeavesNothingPartial() throws IOException {
        damageLayer(SMALL);
        freezeHdfs();
        Path shared = shared("rwxrwxrwx");
        JarCachePod pod = pod("ended").onHostDirectory(shared).begin();
        Eventually.until(PATIENCE, () -> assertThat(pod.initLog()).contains("Jar in the image unusable"));

        pod.pod().signal(JarCachePod.INIT, "TERM");

        pod.awaitStart();
        assertThat(pod.started()).isFalse();
        assertThat(pod.initExitCode()).isEqualTo(128 + 15);
        assertThat(jarsIn(shared).keySet()).isSubsetOf(DIGESTS.keySet()).doesNotContain(SMALL);
    }

    @Test
    void podsThatStartTogetherOnOneDirectoryAllGetWholeJars() throws IOException {
        Path shared = shared("rwxrwxrwx");
        List<JarCachePod> pods = Stream.of("together-1", "together-2", "together-3")
                .map(name -> pod(name).onHostDirectory(shared).begin())
                .toList();

        for (JarCachePod pod : pods) {
            pod.awaitStart();
            assertThat(pod.started()).as(pod::report).isTrue();
        }

        for (JarCachePod pod : pods) {
            assertThat(pod.jarsSeen()).containsAllEntriesOf(DIGESTS);
        }
        assertThat(jarsIn(shared)).isEqualTo(DIGESTS);
    }

    @Test
    void misspelledVariableKeepsThePodFromStarting() {
        JarCachePod pod =
                pod("misspelled").with("HOLDFAST_JAR_CACHE_TIMOUT", "1m").play();

        assertRefused(pod, BAD_CONFIGURATION);
        assertThat(pod.terminationMessage())
                .isEqualTo(
                        "HOLDFAST_JAR_CACHE_TIMOUT is not a Holdfast variable; did you mean HOLDFAST_JAR_CACHE_TIMEOUT?");
    }

    @Test
    void bundleMountedAsAnImageVolumeIsVerifiedWhereItIs() throws IOException {
        Finished verified = verifyImageVolume();

        assertThat(verified.exitCode()).as(verified.toString()).isZero();
        assertThat(verified.out() + verified.err()).contains("verified=4 method=verify");

        damageLayer(SMALL);

        Finished refused = verifyImageVolume();

        assertThat(refused.exitCode()).as(refused.toString()).isEqualTo(UNAVAILABLE);
        assertThat(refused.err()).contains(SMALL, "its crc32c is", "Have the node pull the image again");
    }

    private Finished verifyImageVolume() {
        return podman.run(
                "--mount=type=image,source=" + bundleImage + ",destination=/mounted",
                "--env=HOLDFAST_JAR_CACHE_MODE=verify",
                "--env=HOLDFAST_JAR_CACHE_BUNDLE=/mounted/holdfast/bundle",
                initImage);
    }

    private JarCachePod pod(String name) {
        return new JarCachePod(podman, name, directory, initImage, shellImage)
                .with("HOLDFAST_JAR_CACHE_TIMEOUT", "60s");
    }

    private static void assertRefused(JarCachePod pod, int exitCode) {
        assertThat(pod.started()).as(pod::report).isFalse();
        assertThat(pod.initExitCode()).as(pod::report).isEqualTo(exitCode);
        assertThat(pod.pod().logs(JarCachePod.MAIN)).isEmpty();
        assertThat(pod.initLog())
                .as("the log says it too")
                .contains(pod.terminationMessage().strip());
    }

    /** Flips bits of a jar in the node's copies of its layer. */
    private void damageLayer(String jar) throws IOException {
        damaged = podman.filesInLayers("/holdfast/bundle/jars/" + jar);
        undamaged = Files.readAllBytes(damaged.get(0));
        byte[] bytes = undamaged.clone();
        bytes[bytes.length / 2] ^= 0x55;
        for (Path file : damaged) {
            Files.write(file, bytes);
        }
    }

    private void stopHdfs() {
        hdfs.stop();
        hdfsDown = true;
    }

    private void freezeHdfs() {
        hdfs.freeze();
        hdfsFrozen = true;
    }

    private void thawHdfs() {
        hdfs.thaw();
        hdfsFrozen = false;
    }

    private Path shared(String permissions) throws IOException {
        Path shared = Files.createDirectory(directory.resolve("shared"));
        return Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString(permissions));
    }

    private static Map<String, String> jarsIn(Path shared) throws IOException {
        try (Stream<Path> files = Files.walk(shared)) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> !file.startsWith(shared.resolve(".holdfast")))
                    .collect(Collectors.toMap(file -> shared.relativize(file).toString(), JarCachePodIT::sha256));
        }
    }

    /** A jar of one entry, which cannot be compressed. */
    private static Path randomJar(Path file, int bytes, int seed) throws IOException {
        byte[] content = new byte[bytes];
        new Random(seed).nextBytes(content);
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            ZipEntry entry = new ZipEntry("bytes");
            entry.setTime(0);
            zip.putNextEntry(entry);
            zip.write(content);
        }
        return file;
    }

    private static String sha256(Path file) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        } catch (IOException | NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
