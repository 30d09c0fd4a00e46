package io.holdfast.jarcache.builder;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.RegistryImage;
import com.google.cloud.tools.jib.api.TarImage;
import com.google.cloud.tools.jib.api.buildplan.Platform;
import io.holdfast.testing.containers.Needs;
import io.holdfast.testing.containers.Registry;
import io.holdfast.testing.containers.Tool;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Images that are pushed to a real registry, and what goes over the wire when one jar of many is another. */
@Needs(Tool.REGISTRY)
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class BundleRegistryIT {

    private static final int JARS = 60;
    private static final int JAR_BYTES = 100_000;

    @TempDir
    private Path directory;

    private Registry registry;

    @BeforeEach
    void start() throws IOException {
        registry = Registry.in(Files.createDirectory(directory.resolve("registry")));
        StringBuilder declared = new StringBuilder("name: platform\nversion: \"1\"\nflink: [\"2.2\"]\njars:\n");
        for (int i = 0; i < JARS; i++) {
            jar(i, i);
            declared.append("  - source: file:jars/%d.jar\n    place: lib\n".formatted(i));
        }
        Files.writeString(directory.resolve("bundle.yaml"), declared);
    }

    @AfterEach
    void stop() {
        registry.close();
    }

    @Test
    void bumpOfOneJarPushesThatJarAlone() throws IOException {
        run("lock");
        String first = build(registry.address() + "/platform:1", "cache");
        Map<String, Long> before = registry.blobs();
        jar(30, 1_000);
        run("lock", "--update");

        String second = build(registry.address() + "/platform:2", "cache");

        assertThat(second).isNotEqualTo(first);
        Map<String, Long> pushed = new LinkedHashMap<>(registry.blobs());
        pushed.keySet().removeAll(before.keySet());
        assertThat(before).hasSizeGreaterThan(JARS);
        assertThat(pushed).hasSize(4); // the jar, bundle.json, and the image's configuration and manifest
        assertThat(pushed.values().stream().mapToLong(Long::longValue).sum())
                .isLessThan((long) (1.3 * JAR_BYTES)); // small jars: 60 entries of bundle.json weigh something
    }

    @Test
    void sameImageIsPushedFromAnotherMachineAsNothingNew() throws IOException {
        run("lock");
        String first = build(registry.address() + "/platform:1", "cache");
        Map<String, Long> before = registry.blobs();

        String second = build(registry.address() + "/platform:again", "another-cache");

        assertThat(second).isEqualTo(first);
        assertThat(registry.blobs()).isEqualTo(before);
    }

    @Test
    void baseComesFromTheRegistryForEachOfItsPlatforms() throws Exception {
        String base = registry.address() + "/base:1";
        Jib.fromScratch()
                .setEntrypoint("java", "-jar", "/holdfast/app/quarkus-run.jar")
                .setUser("9999:9999")
                .setPlatforms(Set.of(new Platform("amd64", "linux"), new Platform("arm64", "linux")))
                .containerize(Containerizer.to(RegistryImage.named(base)).setAllowInsecureRegistries(true));
        run("lock");

        run(
                "build",
                "--base",
                base,
                "--platform",
                "linux/amd64,linux/arm64",
                "--insecure-registry",
                "--to",
                registry.address() + "/platform:1");

        Path tar = directory.resolve("arm64.tar");
        Jib.from(RegistryImage.named(registry.address() + "/platform:1"))
                .setPlatforms(Set.of(new Platform("arm64", "linux")))
                .containerize(Containerizer.to(TarImage.at(tar).named("platform"))
                        .setAllowInsecureRegistries(true)
                        .setBaseImageLayersCache(directory.resolve("pulled")));
        Path unpacked = Files.createDirectory(directory.resolve("unpacked"));
        new ProcessBuilder("tar", "-xf", tar.toString(), "-C", unpacked.toString())
                .start()
                .waitFor();
        String config = Files.readString(unpacked.resolve("config.json"));
        assertThat(config)
                .contains("\"architecture\":\"arm64\"")
                .contains("\"User\":\"9999:9999\"")
                .contains("/holdfast/app/quarkus-run.jar");
        assertThat(unpacked.toFile().list()).hasSizeGreaterThan(JARS);
    }

    private String build(String reference, String cache) {
        return run(
                        "build",
                        "--insecure-registry",
                        "--to",
                        reference,
                        "--cache",
                        directory.resolve(cache).toString())
                .lines()
                .filter(line -> line.startsWith("sha256:"))
                .findFirst()
                .orElseThrow();
    }

    private String run(String command, String... options) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        List<String> all = new ArrayList<>(List.of(command));
        all.add(directory.resolve("bundle.yaml").toString());
        all.addAll(List.of(options));
        if (!all.contains("--cache")) {
            all.addAll(List.of("--cache", directory.resolve("cache").toString()));
        }
        int exit = BundleTool.run(
                all,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        assertThat(exit).as(err.toString(StandardCharsets.UTF_8)).isZero();
        return out.toString(StandardCharsets.UTF_8);
    }

    /** Bytes that cannot be compressed, as those of a jar mostly are. */
    private void jar(int number, long seed) throws IOException {
        byte[] bytes = new byte[JAR_BYTES];
        new Random(seed).nextBytes(bytes);
        Path jar = directory.resolve("jars/%d.jar".formatted(number));
        Files.createDirectories(jar.getParent());
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(jar))) {
            ZipEntry entry = new ZipEntry("bytes");
            entry.setTime(0);
            zip.putNextEntry(entry);
            zip.write(bytes);
        }
    }
}
