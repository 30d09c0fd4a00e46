package io.holdfast.jarcache.builder;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.holdfast.jarcache.Bundle;
import io.holdfast.jarcache.BundleManifest;
import io.holdfast.jarcache.BundledJar;
import io.holdfast.jarcache.Checksum;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import java.util.zip.GZIPInputStream;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import okio.Buffer;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The tool as it is used: bundle files, jars from a server over real sockets, images read back. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class BundleToolTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final MockWebServer server = new MockWebServer();
    private final Map<String, byte[]> served = new LinkedHashMap<>();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    private Path directory;

    @BeforeEach
    void start() throws IOException {
        server.setDispatcher(new Dispatcher() {
            @Override
            public MockResponse dispatch(RecordedRequest request) {
                byte[] bytes = served.get(request.getUrl().encodedPath());
                return bytes == null
                        ? new MockResponse.Builder().code(404).build()
                        : new MockResponse.Builder()
                                .body(new Buffer().write(bytes))
                                .build();
            }
        });
        server.start();
        serve("/a-1.0.jar", new TestJar().with("org/example/A"));
        serve("/maven/org/example/b/2.0/b-2.0.jar", new TestJar().with("org/example/B"));
        new TestJar().with("org/example/C").at(directory.resolve("build/c.jar"));
        declare("""
                name: platform
                version: "1"
                flink: ["2.2"]
                repository: %s
                jars:
                  - source: %s
                    place: lib
                  - source: maven:org.example:b:2.0
                    place: plugins/b
                  - source: file:build/c.jar
                    place: usrlib
                """.formatted(url("/maven"), url("/a-1.0.jar")));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    // ------------------------------------------------------------------ lock

    @Test
    void lockSaysWhatWasFound() throws IOException {
        assertThat(run("lock")).isZero();

        JsonNode jars =
                JSON.readTree(directory.resolve("bundle.lock.json").toFile()).get("jars");
        assertThat(jars).hasSize(3);
        assertThat(jars.get(0).get("sha256").textValue()).isEqualTo(sha256(served.get("/a-1.0.jar")));
        assertThat(jars.get(2).get("sha256").textValue())
                .isEqualTo(Checksum.SHA_256.of(directory.resolve("build/c.jar")));
        assertThat(jars.get(2).get("crc32c").textValue())
                .isEqualTo(Checksum.CRC_32C.of(directory.resolve("build/c.jar")));
        assertThat(out()).contains("Locked platform 1: 3 jars", "of which 3 fetched");
    }

    @Test
    void whatIsLockedStaysAsItIsUntilAnUpdateIsAskedFor() throws IOException {
        run("lock");
        String locked = lock();
        serve("/a-1.0.jar", new TestJar().with("org/example/Other"));

        assertThat(run("lock")).isZero();
        assertThat(lock()).isEqualTo(locked);
        assertThat(run("lock", "--update")).isZero();

        assertThat(lock()).isNotEqualTo(locked);
        assertThat(out()).contains("a-1.0.jar has changed: " + sha256(served.get("/a-1.0.jar")) + ", was ");
    }

    @Test
    void lockThatCannotBeReadIsReplacedByAnUpdate() throws IOException {
        run("lock");
        String locked = lock();
        Files.writeString(directory.resolve("bundle.lock.json"), locked.replace("crc32c", "crc"));

        assertThat(run("lock")).isEqualTo(78);
        assertThat(err()).contains("bundle.lock.json: jars[0].crc32c is missing. Run './holdfast bundle lock --update");
        assertThat(run("lock", "--update")).isZero();
        assertThat(lock()).isEqualTo(locked);

        Files.writeString(directory.resolve("bundle.lock.json"), "<<<<<<< HEAD\n" + locked);
        assertThat(run("lock")).isEqualTo(78);
        assertThat(err()).contains("bundle.lock.json is not JSON").contains("Run './holdfast bundle lock --update");
        assertThat(run("lock", "--update")).isZero();
        assertThat(lock()).isEqualTo(locked);
    }

    @Test
    void allJarsThatCannotBeHadAreNamedAtOnceAndNothingIsLocked() throws IOException {
        served.clear();

        assertThat(run("lock")).isEqualTo(78);

        assertThat(err())
                .contains("2 jars cannot be had:")
                .contains(url("/a-1.0.jar") + " answered HTTP 404")
                .contains("b-2.0.jar answered HTTP 404");
        assertThat(directory.resolve("bundle.lock.json")).doesNotExist();
        assertThat(partials()).isEmpty();
    }

    @Test
    void declaredDigestIsTheOnlyOneThatWillDo() throws IOException {
        String other = "f".repeat(64);
        declare(declared().replace("    place: lib\n", "    place: lib\n    sha256: %s\n".formatted(other)));

        assertThat(run("lock")).isEqualTo(78);

        assertThat(err())
                .contains("a-1.0.jar is another jar than it was")
                .contains(other)
                .contains(sha256(served.get("/a-1.0.jar")));
        assertThat(directory.resolve("bundle.lock.json")).doesNotExist();
    }

    @Test
    void pageInPlaceOfAJarIsNotTakenForOne() {
        served.put("/a-1.0.jar", "<!DOCTYPE html><html>log in</html>".getBytes(StandardCharsets.UTF_8));
        served.put("/maven/org/example/b/2.0/b-2.0.jar", new byte[0]);

        assertThat(run("lock")).isEqualTo(78);

        assertThat(err())
                .contains("a-1.0.jar, the source of a-1.0.jar, is no jar: it begins with '<!DOCTYPE html><html'")
                .contains("b-2.0.jar, is no jar: it is empty");
        assertThat(directory.resolve("bundle.lock.json")).doesNotExist();
    }

    @Test
    void whatAnEndedProgramLeftIsSweptAfterADay() throws IOException {
        Path jars = Files.createDirectories(directory.resolve("cache/jars"));
        Path old = Files.writeString(jars.resolve("old.part"), "half");
        Path young = Files.writeString(jars.resolve("young.part"), "half");
        Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofHours(25))));

        run("lock");

        assertThat(old).doesNotExist();
        assertThat(young).exists();
    }

    // ------------------------------------------------------------------ build

    @Test
    void buildMakesALayerOfEachJarAndOneThatSaysWhatTheyAre() throws IOException {
        run("lock");

        assertThat(run("build", "--to", "oci:" + directory.resolve("image"))).isZero();

        List<Map<String, byte[]>> layers = layers(directory.resolve("image"));
        assertThat(layers)
                .extracting(Map::keySet)
                .containsExactly(
                        Set.of("holdfast/bundle/jars/lib/a-1.0.jar"),
                        Set.of("holdfast/bundle/jars/plugins/b/b-2.0.jar"),
                        Set.of("holdfast/bundle/jars/usrlib/c.jar"),
                        Set.of("holdfast/bundle/bundle.json"));
        assertThat(layers.get(0).values()).containsExactly(served.get("/a-1.0.jar"));
        Path unpacked = Files.createDirectory(directory.resolve("unpacked"));
        Files.write(
                unpacked.resolve("bundle.json"),
                layers.get(3).values().iterator().next());
        Bundle bundle = BundleManifest.read(unpacked);
        assertThat(bundle.jars())
                .extracting(BundledJar::path)
                .containsExactly("lib/a-1.0.jar", "plugins/b/b-2.0.jar", "usrlib/c.jar");
        assertThat(bundle.jars().get(0).source()).hasToString("Optional[" + url("/a-1.0.jar") + "]");
        assertThat(bundle.jars().get(2).source()).isEmpty(); // a file of this machine is nobody else's
        assertThat(err()).isEmpty();
    }

    @Test
    void sameJarsGiveTheSameDigestWhereverTheyAreBuilt() throws IOException {
        run("lock");
        run("build", "--to", "oci:" + directory.resolve("one"));
        Path elsewhere = directory.resolve("elsewhere");
        Files.createDirectories(elsewhere.resolve("build"));
        for (String file : List.of("bundle.yaml", "bundle.lock.json", "build/c.jar")) {
            Files.copy(directory.resolve(file), elsewhere.resolve(file));
        }

        assertThat(runIn(elsewhere, elsewhere.resolve("cache"), "build", "--to", "tar:" + elsewhere.resolve("x.tar")))
                .isZero();

        List<String> digests =
                out().lines().filter(line -> line.startsWith("sha256:")).toList();
        assertThat(digests).hasSize(2);
        assertThat(digests.get(0)).isEqualTo(digests.get(1));
        assertThat(elsewhere.resolve("x.tar")).exists();
    }

    @Test
    void bumpOfOneJarChangesItsLayerAndTheList() throws IOException {
        run("lock");
        run("build", "--to", "oci:" + directory.resolve("image"));
        Set<String> before = blobs(directory.resolve("image"));
        serve("/a-1.1.jar", new TestJar().with("org/example/A").with("org/example/New"));
        declare(declared().replace("a-1.0.jar", "a-1.1.jar"));
        run("lock");

        run("build", "--to", "oci:" + directory.resolve("image"));

        Set<String> after = blobs(directory.resolve("image"));
        assertThat(after).hasSameSizeAs(before);
        after.removeAll(before);
        assertThat(after).hasSize(4); // the jar, bundle.json, and the image's configuration and manifest
    }

    @Test
    void jarThatIsAnotherOneThanWasLockedIsNotBuiltIn() throws IOException {
        run("lock");
        serve("/a-1.0.jar", new TestJar().with("org/example/Evil"));

        int exit = runIn(
                directory, directory.resolve("another-cache"), "build", "--to", "oci:" + directory.resolve("image"));

        assertThat(exit).isEqualTo(78);
        assertThat(err()).contains("a-1.0.jar is another jar than it was").contains("bundle lock --update");
        assertThat(directory.resolve("image")).doesNotExist();
    }

    @Test
    void jarThatWasDamagedInTheCacheIsFetchedAgain() throws IOException {
        run("lock");
        Path kept = directory.resolve("cache/jars").resolve(sha256(served.get("/a-1.0.jar")) + ".jar");
        Files.writeString(kept, "damaged");

        assertThat(run("build", "--to", "oci:" + directory.resolve("image"))).isZero();

        assertThat(layers(directory.resolve("image")).get(0).values()).containsExactly(served.get("/a-1.0.jar"));
    }

    @Test
    void whatWasFetchedIsNotFetchedAgain() throws IOException {
        run("lock");
        int requests = server.getRequestCount();

        run("build", "--to", "oci:" + directory.resolve("image"));

        assertThat(server.getRequestCount()).isEqualTo(requests);
    }

    @Test
    void bundleFileThatWasChangedHasToBeLockedFirst() throws IOException {
        run("lock");
        declare(declared().replace("place: usrlib", "place: lib"));

        assertThat(run("build", "--to", "oci:" + directory.resolve("image"))).isEqualTo(78);

        assertThat(err())
                .contains("was changed since it was locked: c.jar is not locked")
                .contains("bundle lock ");
    }

    @Test
    void jarThatWasRemovedHasToBeLockedToo() throws IOException {
        run("lock");
        declare(declared().replaceFirst("(?s)  - source: file:.*", ""));

        assertThat(run("build", "--to", "oci:" + directory.resolve("image"))).isEqualTo(78);

        assertThat(err()).contains("jars were removed");
    }

    @Test
    void withoutALockThereIsNothingToBuild() {
        assertThat(run("build", "--to", "oci:" + directory.resolve("image"))).isEqualTo(78);

        assertThat(err()).contains("There is no ").contains("bundle.lock.json").contains("./holdfast bundle lock");
    }

    @Test
    void directoryWithSomethingElseIsNotOverwritten() throws IOException {
        run("lock");
        Path taken = Files.createDirectory(directory.resolve("taken"));
        Files.writeString(taken.resolve("precious"), "bytes");

        assertThat(run("build", "--to", "oci:" + taken)).isEqualTo(78);

        assertThat(err()).contains("holds something else than an image layout");
        assertThat(taken.resolve("precious")).hasContent("bytes");
    }

    @Test
    void tarThatCannotBeWrittenIsNoMatterOfARegistry() throws IOException {
        run("lock");
        Path taken =
                Files.createDirectories(directory.resolve("taken.tar/inside")).getParent();

        assertThat(run("build", "--to", "tar:" + taken)).isEqualTo(78);

        assertThat(err())
                .contains("The image cannot be built")
                .contains("permissions of --to")
                .doesNotContain("registry");
    }

    @Test
    void registryThatIsNotThereIsSaid() throws IOException {
        run("lock");
        int port = server.getPort();
        server.close();

        int exit = run("build", "--to", "localhost:%d/platform:1".formatted(port), "--insecure-registry");

        assertThat(exit).isEqualTo(69);
        assertThat(err()).contains("localhost:" + port).contains("Check that the registry can be reached");
    }

    // ------------------------------------------------------------------ check, usage

    @Test
    void checkEndsWithWhatItFound() throws IOException {
        run("lock");
        assertThat(run("check")).isZero();
        Path user = new TestJar()
                .with("org/example/A", 17, "java/lang/Object", "x()V")
                .at(directory.resolve("user.jar"));

        int exit = run("check", "--user-jar", user.toString());

        assertThat(exit).isEqualTo(78);
        assertThat(out())
                .contains("Checked 3 jars: 0 errors, 0 warnings")
                .contains("error: lib/a-1.0.jar and the user's user.jar both have org.example.A")
                .contains("Checked 3 jars: 1 errors, 0 warnings");
    }

    @Test
    void whatIsNotLookedAtIsSaid() throws IOException {
        run("lock");

        run("check");

        assertThat(out()).contains("Not looked at: Flink's own jars");
        assertThat(run("check", "--flink", directory.toString())).isEqualTo(78);
        assertThat(err()).contains("is no Flink installation");
    }

    @Test
    void schemaIsPrinted() throws IOException {
        run("schema");

        assertThat(JSON.readTree(out()).get("title").textValue()).isEqualTo("Holdfast bundle");
    }

    @Test
    void wrongUsageIsExplained() {
        assertThat(run("lokc")).isEqualTo(2);
        assertThat(err()).contains("Did you mean: ").contains("lock");
        assertThat(run("build")).isEqualTo(2);
        assertThat(err()).contains("Missing required option: '--to=TARGET'");
        assertThat(run("build", "--to", "platform")).isEqualTo(78);
    }

    // ------------------------------------------------------------------ vocabulary

    private int run(String... args) {
        return runIn(directory, directory.resolve("cache"), args);
    }

    private int runIn(Path where, Path cache, String... args) {
        List<String> all = new ArrayList<>(List.of(args));
        if (!args[0].equals("schema") && !args[0].equals("lokc")) {
            all.add(1, where.resolve("bundle.yaml").toString());
            all.addAll(List.of("--cache", cache.toString()));
        }
        return BundleTool.run(
                all,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private void declare(String text) throws IOException {
        Files.writeString(directory.resolve("bundle.yaml"), text);
    }

    private String declared() throws IOException {
        return Files.readString(directory.resolve("bundle.yaml"));
    }

    private String lock() throws IOException {
        return Files.readString(directory.resolve("bundle.lock.json"));
    }

    private void serve(String path, TestJar jar) throws IOException {
        served.put(path, Files.readAllBytes(jar.at(directory.resolve("served.jar"))));
    }

    private String url(String path) {
        return server.url(path).toString();
    }

    private List<Path> partials() throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(path -> path.toString().endsWith(".part")).toList();
        }
    }

    private String sha256(byte[] bytes) {
        Checksum.Running sha256 = Checksum.SHA_256.begin();
        sha256.update(ByteBuffer.wrap(bytes));
        return sha256.hex();
    }

    private static Set<String> blobs(Path layout) throws IOException {
        try (Stream<Path> files = Files.list(layout.resolve("blobs/sha256"))) {
            return files.map(path -> path.getFileName().toString()).collect(Collectors.toSet());
        }
    }

    /** Of an image layout: the files of each layer, by path. */
    private static List<Map<String, byte[]>> layers(Path layout) throws IOException {
        JsonNode index = JSON.readTree(layout.resolve("index.json").toFile());
        JsonNode manifest = JSON.readTree(Files.readAllBytes(
                blob(layout, index.get("manifests").get(0).get("digest").textValue())));
        List<Path> blobs = StreamSupport.stream(manifest.get("layers").spliterator(), false)
                .map(layer -> blob(layout, layer.get("digest").textValue()))
                .toList();
        List<Map<String, byte[]>> layers = new ArrayList<>();
        for (Path blob : blobs) {
            Map<String, byte[]> files = new LinkedHashMap<>();
            try (InputStream gzip = new GZIPInputStream(new ByteArrayInputStream(Files.readAllBytes(blob)));
                    TarArchiveInputStream tar = new TarArchiveInputStream(gzip)) {
                for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                    if (entry.isFile()) {
                        files.put(entry.getName(), tar.readAllBytes());
                    }
                }
            }
            layers.add(files);
        }
        return layers;
    }

    private static Path blob(Path layout, String digest) {
        return layout.resolve("blobs").resolve(digest.replace(':', '/'));
    }
}
