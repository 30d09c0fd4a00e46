package io.holdfast.jarcache.init;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.holdfast.base.Disposition;
import io.holdfast.base.ExitCode;
import io.holdfast.base.HoldfastException;
import io.holdfast.jarcache.Bundle;
import io.holdfast.jarcache.BundledJar;
import io.holdfast.jarcache.source.HdfsSettings;
import io.holdfast.jarcache.source.HttpSettings;
import io.holdfast.jarcache.source.JarSource;
import io.holdfast.jarcache.source.JarSources;
import io.holdfast.quarkus.ProgramFailure;
import io.holdfast.testing.Eventually;
import io.holdfast.testing.LeakCheck;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import okio.Buffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Whole runs, with real directories and real sockets. */
@Timeout(60)
class JarCacheRunTest {
    private static final HttpSettings IMPATIENT = new HttpSettings(
            Duration.ofSeconds(5), Duration.ofSeconds(30), 1, Duration.ofMillis(1), Duration.ofMillis(1));
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @RegisterExtension
    final LeakCheck leakCheck = LeakCheck.ignoring("OkHttp", "MockWebServer", "Okio");

    @TempDir
    private Path directory;

    private final MockWebServer server = new MockWebServer();
    private Path target;
    private TestBundle image;
    private Bundle bundle;
    private BundledJar big;
    private List<FallbackSource> fallbacks = List.of(new FallbackSource.Declared());
    private JarCacheConfig.Mode mode = JarCacheConfig.Mode.AUTO;
    private JarCacheConfig.Verify verify = JarCacheConfig.Verify.CHECKSUM;
    private Duration timeout = Duration.ofSeconds(30);
    private Optional<String> flinkVersion = Optional.empty();

    @BeforeEach
    void makeBundle() throws IOException {
        server.start();
        target = directory.resolve("jars");
        URI source = server.url("/repo/big.jar").uri();
        image = TestBundle.in(directory.resolve("bundle"))
                .jar("lib", "big.jar", 700_001, source)
                .jar("lib", "small.jar", 10)
                .jar("plugins/s3", "s3.jar", 5_000)
                .jar("usrlib", "job.jar", 3_000);
        bundle = image.write();
        big = bundle.jars().get(0);
    }

    @AfterEach
    void stopServer() {
        server.close();
    }

    @ParameterizedTest
    @EnumSource(names = "VERIFY", mode = EnumSource.Mode.EXCLUDE)
    void everyJarIsInItsPlaceForEverybodyToRead(JarCacheConfig.Mode how) throws IOException {
        mode = how;

        run();

        assertComplete();
        for (BundledJar jar : bundle.jars()) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(placed(jar))))
                    .isEqualTo("rw-r--r--");
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(target.resolve("plugins/s3"))))
                .isEqualTo("rwxr-xr-x");
    }

    @Test
    void linkedJarIsTheSameFileAndCopiedJarIsNot() throws IOException {
        mode = JarCacheConfig.Mode.HARD_LINK;
        run();
        assertThat(Files.isSameFile(placed(big), image.file(big))).isTrue();

        Files.delete(placed(big));
        mode = JarCacheConfig.Mode.COPY;
        run();
        assertThat(Files.isSameFile(placed(big), image.file(big))).isFalse();
    }

    @Test
    void jarThatNotEverybodyMayReadIsCopiedAndNotLinked() throws IOException {
        Files.setPosixFilePermissions(image.file(big), PosixFilePermissions.fromString("rw-------"));

        run();

        assertComplete();
        assertThat(Files.isSameFile(placed(big), image.file(big))).isFalse();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(placed(big))))
                .isEqualTo("rw-r--r--");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(image.file(big))))
                .as("the image's file")
                .isEqualTo("rw-------");
    }

    @Test
    void linkThatWasAskedForAndCannotBeMadeStopsTheStart() throws IOException {
        mode = JarCacheConfig.Mode.HARD_LINK;
        Files.setPosixFilePermissions(image.file(big), PosixFilePermissions.fromString("rw-------"));

        HoldfastException failure = catchThrowableOfType(HoldfastException.class, this::run);

        assertThat(failure.disposition()).isEqualTo(Disposition.FATAL);
        assertThat(failure).hasMessageContaining("big.jar").hasMessageContaining("HOLDFAST_JAR_CACHE_MODE");
        assertNothingHalfDone();
    }

    @Test
    void secondRunKeepsWhatIsThere() throws IOException {
        run();
        FileTime before = Files.getLastModifiedTime(placed(big));
        Object inode = Files.getAttribute(placed(big), "unix:ino");
        Files.delete(placed(bundle.jars().get(1)));

        run();

        assertComplete();
        assertThat(Files.getLastModifiedTime(placed(big))).isEqualTo(before);
        assertThat(Files.getAttribute(placed(big), "unix:ino")).isEqualTo(inode);
    }

    @Test
    void wrongJarIsReplacedAndWhoeverReadsTheOldOneKeepsIt() throws IOException {
        mode = JarCacheConfig.Mode.COPY;
        run();
        byte[] wrong = image.content(big).clone();
        wrong[350_000] ^= 1;
        Files.write(placed(big), wrong);

        try (InputStream reader = Files.newInputStream(placed(big))) {
            run();

            assertThat(reader.readAllBytes()).isEqualTo(wrong);
        }
        assertComplete();
    }

    @Test
    void linkToAFileElsewhereIsNoJar() throws IOException {
        run();
        Path elsewhere = Files.move(placed(big), directory.resolve("elsewhere.jar"));
        Files.createSymbolicLink(placed(big), elsewhere);

        run();

        assertThat(Files.isSymbolicLink(placed(big))).isFalse();
        assertComplete();
    }

    @Test
    void sizeAloneDoesNotFindDamageInside() throws IOException {
        run();
        mode = JarCacheConfig.Mode.COPY;
        verify = JarCacheConfig.Verify.SIZE;
        byte[] damaged = image.content(big).clone();
        damaged[0] ^= 1;
        Files.delete(placed(big));
        Files.write(placed(big), damaged);

        run();
        assertThat(placed(big)).hasBinaryContent(damaged);

        Files.write(placed(big), Arrays.copyOf(damaged, 1000));
        run();
        assertComplete();
    }

    @Test
    void verificationCanBeTurnedOff() throws IOException {
        verify = JarCacheConfig.Verify.OFF;
        Files.writeString(image.file(big), "damaged");

        run();

        assertThat(placed(big)).hasContent("damaged");
    }

    @Test
    void damagedJarComesFromItsDeclaredSource() throws IOException {
        byte[] damaged = image.content(big).clone();
        damaged[699_999] ^= 1;
        Files.write(image.file(big), damaged);
        server.enqueue(answer(image.content(big)));

        run();

        assertComplete();
        assertThat(requestedPath()).isEqualTo("/repo/big.jar");
    }

    @Test
    void truncatedJarComesFromItsDeclaredSource() throws IOException {
        Files.write(image.file(big), Arrays.copyOf(image.content(big), 5));
        server.enqueue(answer(image.content(big)));

        run();

        assertComplete();
    }

    @Test
    void missingJarComesFromTheFirstSourceThatHasIt() throws IOException {
        Files.delete(image.file(big));
        Path mirror = Files.createDirectory(directory.resolve("mirror"));
        Files.write(mirror.resolve("big.jar"), image.content(big));
        fallbacks = List.of(
                new FallbackSource.Directory(server.url("/first/").uri()),
                new FallbackSource.Directory(mirror.toUri()),
                new FallbackSource.Declared());
        server.enqueue(new MockResponse.Builder().code(404).build());

        run();

        assertComplete();
        assertThat(requestedPath()).isEqualTo("/first/big.jar");
        assertThat(server.getRequestCount()).isEqualTo(1);
    }

    @Test
    void wrongBytesFromEverySourceFailTheRunAndLeaveNothing() throws IOException {
        Files.delete(image.file(big));
        byte[] wrong = image.content(big).clone();
        wrong[1] ^= 1;
        fallbacks = List.of(
                new FallbackSource.Declared(),
                new FallbackSource.Directory(server.url("/mirror").uri()));
        server.enqueue(answer(wrong));
        server.enqueue(answer("not a jar".getBytes()));
        verify = JarCacheConfig.Verify.OFF; // what comes from elsewhere is verified all the same

        ProgramFailure failure = catchThrowableOfType(ProgramFailure.class, this::run);

        assertThat(failure.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
        assertThat(failure)
                .hasMessageContaining("lib/big.jar")
                .hasMessageContaining("it is not there")
                .hasMessageContaining("/repo/big.jar will not do, its sha256 is")
                .hasMessageContaining("/mirror/big.jar will not do, it has 9 bytes and must have 700001")
                .hasMessageContaining("HOLDFAST_JAR_CACHE_FALLBACK_SOURCES");
        assertThat(failure.getMessage()).doesNotContain("\n");
        assertThat(placed(big)).doesNotExist();
        assertNothingHalfDone();
    }

    @Test
    void whatToDoAboutASourceThatFailedForGoodIsSaid() throws IOException {
        Files.delete(image.file(big));
        server.enqueue(new MockResponse.Builder().code(404).build());

        ProgramFailure failure = catchThrowableOfType(ProgramFailure.class, this::run);

        assertThat(failure).hasMessageContaining("404").hasMessageContaining("publish the jar there");
    }

    @Test
    void withoutFallbackSourcesADamagedImageIsTheEnd() throws IOException {
        Files.writeString(image.file(big), "damaged");
        fallbacks = List.of();

        ProgramFailure failure = catchThrowableOfType(ProgramFailure.class, this::run);

        assertThat(failure.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
        assertThat(failure)
                .hasMessageContaining("it has 7 bytes and must have 700001")
                .hasMessageContaining("there are none");
        assertThat(server.getRequestCount()).isZero();
        assertNothingHalfDone();
    }

    @Test
    void jarWithoutDeclaredSourceIsToldSo() throws IOException {
        BundledJar small = bundle.jars().get(1);
        Files.delete(image.file(small));

        ProgramFailure failure = catchThrowableOfType(ProgramFailure.class, this::run);

        assertThat(failure)
                .hasMessageContaining("lib/small.jar")
                .hasMessageContaining("the bundle declares no source for it");
        assertThat(placed(big)).as("the other jars are there, for the next run").exists();
    }

    @Test
    void sourceThatGoesSilentEndsTheRunAtItsTimeout() throws IOException {
        Files.delete(image.file(big));
        timeout = Duration.ofSeconds(1);
        server.enqueue(new MockResponse.Builder()
                .body(new Buffer().write(image.content(big)))
                .throttleBody(1_000, 200, TimeUnit.MILLISECONDS)
                .build());

        HoldfastException failure = catchThrowableOfType(HoldfastException.class, this::run);

        assertThat(failure.disposition()).isEqualTo(Disposition.RETRYABLE);
        assertThat(failure)
                .hasMessageContaining("3 of 4 jars were ready after 1s, and these were not: lib/big.jar")
                .hasMessageContaining("HOLDFAST_JAR_CACHE_TIMEOUT");
        Eventually.until(PATIENCE, this::assertNothingHalfDone);
    }

    @Test
    void stopInTheMiddleDeletesWhatIsHalfDone() throws Exception {
        Files.delete(image.file(big));
        server.enqueue(new MockResponse.Builder()
                .body(new Buffer().write(image.content(big)))
                .throttleBody(10_000, 100, TimeUnit.MILLISECONDS)
                .build());
        try (JarSource sources = sources()) {
            JarCacheRun run = new JarCacheRun(settings(), sources, System::nanoTime);
            ExecutorService other = Executors.newSingleThreadExecutor();
            try {
                Future<HoldfastException> failure =
                        other.submit(() -> catchThrowableOfType(HoldfastException.class, run::run));
                Eventually.until(
                        PATIENCE, () -> assertThat(JarShelf.partials(target)).isNotEmpty());

                run.stop();

                assertThat(failure.get()).hasMessageContaining("Stopped before these jars were ready: lib/big.jar");
                assertNothingHalfDone();
            } finally {
                other.shutdown();
            }
        }
    }

    @Test
    void severalRunsAtOnceAllSucceed() throws Exception {
        mode = JarCacheConfig.Mode.COPY;
        ExecutorService runs = Executors.newFixedThreadPool(4);
        try {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                all.add(runs.submit(this::run));
            }
            for (Future<?> one : all) {
                assertThatCode(one::get).doesNotThrowAnyException();
            }
        } finally {
            runs.shutdown();
        }

        assertComplete();
    }

    @Test
    void jarsOfNoBundleAreLeftAlone() throws IOException {
        Path stranger = target.resolve("plugins/other/stranger.jar");
        Files.createDirectories(stranger.getParent());
        Files.writeString(stranger, "somebody's");

        run();

        assertThat(stranger).hasContent("somebody's");
        assertThat(new JarShelf(target, "run", verify).strangers(bundle.jars())).containsExactly(stranger);
    }

    @Test
    void bundleForAnotherFlinkIsRefusedBeforeAnythingIsWritten() {
        flinkVersion = Optional.of("2.1.0");

        HoldfastException failure = catchThrowableOfType(HoldfastException.class, this::run);

        assertThat(failure.disposition()).isEqualTo(Disposition.FATAL);
        assertThat(failure)
                .hasMessageContaining("is for Flink 2.2 and 2.3, and HOLDFAST_JAR_CACHE_FLINK_VERSION is 2.1.0");
        assertThat(target).doesNotExist();
    }

    @Test
    void bundleForThisFlinkIsTaken() throws IOException {
        flinkVersion = Optional.of("2.3.0");

        run();

        assertComplete();
    }

    @Test
    void imageWithoutBundleIsBadConfiguration() throws IOException {
        Files.delete(image.directory().resolve("bundle.json"));

        HoldfastException failure = catchThrowableOfType(HoldfastException.class, this::run);

        assertThat(failure.disposition()).isEqualTo(Disposition.FATAL);
        assertThat(failure).hasMessageContaining("There is no bundle in " + image.directory());
    }

    @Test
    void directoryWhereAJarMustGoIsToldAndLeftAlone() throws IOException {
        Path obstacle = target.resolve("lib/big.jar/inside");
        Files.createDirectories(obstacle);

        HoldfastException failure = catchThrowableOfType(HoldfastException.class, this::run);

        assertThat(failure.disposition()).isEqualTo(Disposition.FATAL);
        assertThat(failure).hasMessageContaining("lib/big.jar is a directory, where a jar must go");
        assertThat(obstacle).exists();
        assertNothingHalfDone();
    }

    @Test
    void fileWhereAPlaceMustBeIsTold() throws IOException {
        Files.createDirectories(target);
        Files.writeString(target.resolve("lib"), "a file");

        HoldfastException failure = catchThrowableOfType(HoldfastException.class, this::run);

        assertThat(failure).hasMessageContaining("Could not write " + target.resolve("lib"));
    }

    @Test
    void mountedBundleIsCheckedWhereItIs() {
        mode = JarCacheConfig.Mode.VERIFY;

        run();

        assertThat(target).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource({"CHECKSUM, its crc32c is", "DIGEST, its sha256 is"})
    void damageInAMountedBundleIsFoundAndNotRepaired(JarCacheConfig.Verify asked, String message) throws IOException {
        mode = JarCacheConfig.Mode.VERIFY;
        verify = asked;
        byte[] damaged = image.content(big).clone();
        damaged[0] ^= 1;
        Files.write(image.file(big), damaged);

        ProgramFailure failure = catchThrowableOfType(ProgramFailure.class, this::run);

        assertThat(failure.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
        assertThat(failure)
                .hasMessageContaining("lib/big.jar of the bundle in " + image.directory())
                .hasMessageContaining(message)
                .hasMessageContaining("pull the image again");
        assertThat(server.getRequestCount()).isZero();
    }

    @Test
    void jarThatIsMissingInAMountedBundleIsFound() throws IOException {
        mode = JarCacheConfig.Mode.VERIFY;
        Files.delete(image.file(big));

        assertThat(catchThrowableOfType(ProgramFailure.class, this::run))
                .hasMessageContaining("lib/big.jar")
                .hasMessageContaining("it is not there");
    }

    private void run() {
        try (JarSource sources = sources()) {
            new JarCacheRun(settings(), sources, System::nanoTime).run();
        }
    }

    private static JarSource sources() {
        return new JarSources(IMPATIENT, HdfsSettings.NONE);
    }

    private JarCacheSettings settings() {
        return new JarCacheSettings(
                image.directory(), target, mode, verify, fallbacks, timeout, 2, flinkVersion, HdfsSettings.NONE);
    }

    private static MockResponse answer(byte[] body) {
        return new MockResponse.Builder().body(new Buffer().write(body)).build();
    }

    private String requestedPath() {
        try {
            return server.takeRequest().getUrl().encodedPath();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private Path placed(BundledJar jar) {
        return target.resolve(jar.path());
    }

    private void assertComplete() throws IOException {
        for (BundledJar jar : bundle.jars()) {
            assertThat(placed(jar)).isRegularFile().hasBinaryContent(image.content(jar));
        }
        assertNothingHalfDone();
    }

    private void assertNothingHalfDone() throws IOException {
        try (Stream<Path> files = Files.walk(target)) {
            assertThat(files.map(Path::toString))
                    .noneMatch(file -> file.endsWith(".part"))
                    .noneMatch(file -> file.contains("/runs/"));
        }
    }
}
