package io.holdfast.jarcache.init;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.base.ExitCode;
import io.holdfast.jarcache.Bundle;
import io.holdfast.jarcache.BundledJar;
import io.holdfast.testing.Eventually;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import okio.Buffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The built program in processes of its own, as the init container runs it: what it says, how it ends, who survives. */
@Timeout(180)
class InitContainerIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int KILLED_BY_SIGTERM = 143;

    @TempDir
    private Path directory;

    private final MockWebServer server = new MockWebServer();
    private final Map<String, String> variables = new HashMap<>();
    private final List<InitProcess> processes = new ArrayList<>();
    private Path target;
    private Path lastWords;
    private TestBundle image;
    private Bundle bundle;

    @BeforeEach
    void makeBundle() throws IOException {
        server.start();
        target = directory.resolve("jars");
        lastWords = directory.resolve("termination-log");
        image = TestBundle.in(directory.resolve("bundle"));
        for (int i = 0; i < 8; i++) {
            image.jar(
                    "lib",
                    "jar-" + i + ".jar",
                    1_500_000 + i,
                    server.url("/repo/jar-" + i + ".jar").uri());
        }
        bundle = image.jar("plugins/s3", "s3.jar", 300_000).write();
        variables.put("HOLDFAST_JAR_CACHE_BUNDLE", image.directory().toString());
        variables.put("HOLDFAST_JAR_CACHE_TARGET", target.toString());
        variables.put("HOLDFAST_JAR_CACHE_TERMINATION_MESSAGE_FILE", lastWords.toString());
        variables.put("HOLDFAST_JAR_CACHE_MODE", "copy");
    }

    @AfterEach
    void endAll() {
        processes.forEach(InitProcess::close);
        server.close();
    }

    @Test
    void jarsAreReadyAndTheLogSaysHowAndTheSecondTimeTheyAreKept() throws IOException {
        InitProcess first = start();
        assertEnded(first, ExitCode.DONE);
        assertThat(first.out())
                .contains("Settings read: HOLDFAST_JAR_CACHE_BUNDLE=" + image.directory() + " HOLDFAST")
                .contains("HOLDFAST_JAR_CACHE_VERIFY=checksum (default)")
                .containsPattern(
                        "INFO  Jars ready: bundle=platform version=1\\.0 jars=9 bytes=12300028 placed=9 kept=0 "
                                + "fetched=0 verified=0 method=copy tookMs=\\d+\n");
        assertThat(first.out().lines()).hasSize(2);
        assertThat(first.err()).isEmpty();
        assertComplete();

        InitProcess second = start();
        assertEnded(second, ExitCode.DONE);
        assertThat(second.out()).contains("placed=0 kept=9 fetched=0 verified=0 method=none");
        assertThat(lastWords).as("last words of a good run").doesNotExist();
    }

    @Test
    void misspelledVariableStopsTheStart() {
        variables.put("HOLDFAST_JAR_CACHE_TARGT", "/secret");

        InitProcess process = start();

        assertEnded(process, ExitCode.BAD_CONFIGURATION);
        String sentence =
                "HOLDFAST_JAR_CACHE_TARGT is not a Holdfast variable; did you mean HOLDFAST_JAR_CACHE_TARGET?";
        assertThat(process.err()).isEqualTo(sentence + "\n");
        assertThat(lastWords).hasContent(sentence);
        assertThat(process.out()).isEmpty();
        assertThat(target).doesNotExist();
    }

    @Test
    void everyValueThatCannotBeUsedIsToldByVariable() {
        variables.put("HOLDFAST_JAR_CACHE_TIMEOUT", "30");
        variables.put("HOLDFAST_JAR_CACHE_MODE", "symlink");
        variables.put("HOLDFAST_JAR_CACHE_LOG_LEVEL", "loud");

        InitProcess process = start();

        assertEnded(process, ExitCode.BAD_CONFIGURATION);
        assertThat(process.err().lines())
                .containsExactlyInAnyOrder(
                        "HOLDFAST_JAR_CACHE_TIMEOUT: '30' has no unit; write 30s, 30ms or the like.",
                        "HOLDFAST_JAR_CACHE_MODE: 'symlink' is none of its values, which are auto, copy, hard-link, "
                                + "reflink, verify.",
                        "HOLDFAST_JAR_CACHE_LOG_LEVEL: 'loud' is none of its values, which are debug, error, info, trace, "
                                + "warn.");
        assertThat(lastWords).hasContent(process.err().stripTrailing());
    }

    @Test
    void brokenRuleAndArgumentAreToldToo() {
        variables.put("HOLDFAST_JAR_CACHE_PARALLELISM", "0");

        InitProcess process = start();

        assertEnded(process, ExitCode.BAD_CONFIGURATION);
        assertThat(process.err()).isEqualTo("HOLDFAST_JAR_CACHE_PARALLELISM must be from 1 to 64: 0.\n");
    }

    @Test
    void eventsAreJsonIfThatIsAskedFor() {
        variables.put("HOLDFAST_JAR_CACHE_LOG_FORMAT", "json");

        InitProcess process = start();

        assertEnded(process, ExitCode.DONE);
        assertThat(process.out().lines()).hasSize(2).allMatch(line -> line.startsWith("{") && line.endsWith("}"));
        assertThat(process.out()).contains("\"message\":\"Jars ready: bundle=platform");
    }

    @Test
    void logLevelIsThatOfTheVariable() {
        variables.put("HOLDFAST_JAR_CACHE_LOG_LEVEL", "debug");
        InitProcess talkative = start();
        assertEnded(talkative, ExitCode.DONE);
        assertThat(talkative.out()).contains("DEBUG Jar ready: jar=plugins/s3/s3.jar way=PLACED bytes=300000 tookMs=");

        variables.put("HOLDFAST_JAR_CACHE_LOG_LEVEL", "error");
        InitProcess silent = start();
        assertEnded(silent, ExitCode.DONE);
        assertThat(silent.out()).isEmpty();
    }

    @Test
    void variablesOfOtherProcessesAreToldAndLetPass() {
        variables.put("HOLDFAST_ENABLED", "true");
        variables.put("HOLDFAST_GUARD_SERVICE_HOST", "10.0.0.1");

        InitProcess process = start();

        assertEnded(process, ExitCode.DONE);
        assertThat(process.out()).contains("Variables of other processes ignored: variables=HOLDFAST_ENABLED\n");
    }

    @Test
    void librariesOfFallbackSourcesAreNotLoadedUnlessTheyAreNeeded() {
        InitProcess process = start("-Xlog:class+load");

        assertEnded(process, ExitCode.DONE);
        assertThat(process.out())
                .contains("io.holdfast.jarcache.init.JarCacheRun ")
                .doesNotContain("org.apache.hadoop")
                .doesNotContain("okhttp3.")
                .doesNotContain("kotlin.");
    }

    @Test
    void jarThatNobodyHasStopsThePodWithOneLineThatNamesIt() throws IOException {
        Files.delete(image.file(bundle.jars().get(2)));
        server.enqueue(new MockResponse.Builder().code(404).build());

        InitProcess process = start();

        assertEnded(process, ExitCode.UNAVAILABLE);
        assertThat(Files.readString(lastWords).lines())
                .hasSize(1)
                .first()
                .asString()
                .contains("lib/jar-2.jar")
                .contains("HTTP 404")
                .contains("HOLDFAST_JAR_CACHE_FALLBACK_SOURCES");
        assertThat(process.out()).contains("WARN  Jar in the image unusable: jar=lib/jar-2.jar reason=it is not there");
        assertThat(target.resolve("lib/jar-2.jar")).doesNotExist();
        assertNothingHalfDone();
    }

    @Test
    void damagedJarIsFetchedAndTheLogWarns() throws IOException {
        BundledJar jar = bundle.jars().get(2);
        byte[] damaged = image.content(jar).clone();
        damaged[7] ^= 1;
        Files.write(image.file(jar), damaged);
        server.enqueue(new MockResponse.Builder()
                .body(new Buffer().write(image.content(jar)))
                .build());

        InitProcess process = start();

        assertEnded(process, ExitCode.DONE);
        assertThat(process.out())
                .contains("WARN  Jar fetched instead: jar=lib/jar-2.jar bytes=1500002 from=http://")
                .contains("placed=8 kept=0 fetched=1 verified=0 method=copy");
        assertComplete();
    }

    @Test
    void strangerOnTheShelfIsLeftAloneWithAWarning() throws IOException {
        Path stranger = Files.createDirectories(target.resolve("lib")).resolve("stranger.jar");
        Files.writeString(stranger, "mine");

        InitProcess process = start();

        assertEnded(process, ExitCode.DONE);
        assertThat(process.out()).contains("WARN  Jar of no bundle left alone: file=" + stranger);
        assertThat(stranger).hasContent("mine");
    }

    @Test
    void targetOfAnotherBundleIsRefused() throws IOException {
        assertEnded(start(), ExitCode.DONE);
        TestBundle next =
                TestBundle.in(directory.resolve("next")).version("1.1").jar("lib", "other.jar", 100);
        next.write();
        variables.put("HOLDFAST_JAR_CACHE_BUNDLE", next.directory().toString());

        InitProcess process = start();

        assertEnded(process, ExitCode.BAD_CONFIGURATION);
        assertThat(lastWords)
                .content()
                .contains("belongs to bundle platform version 1.0")
                .contains("a directory of its own");
        assertThat(target.resolve("lib/other.jar")).doesNotExist();
        assertComplete();
    }

    @Test
    void runsAtOnceOnOneTargetAllSucceed() throws IOException {
        List<InitProcess> together = List.of(start(), start(), start(), start());

        together.forEach(process -> assertEnded(process, ExitCode.DONE));
        assertComplete();
    }

    @Test
    void runThatWasKilledInTheMiddleLeavesNothingThatTheNextDoesNotSweep() throws IOException {
        BundledJar jar = bundle.jars().get(2);
        Files.delete(image.file(jar));
        server.enqueue(slowly(image.content(jar)));
        InitProcess killed = start();
        Eventually.until(PATIENCE, () -> assertThat(halfDone(jar)).hasSize(1));
        killed.kill();
        Path leftover = halfDone(jar).get(0);
        assertThat(leftover).as("what a killed run leaves").exists();
        server.enqueue(new MockResponse.Builder()
                .body(new Buffer().write(image.content(jar)))
                .build());

        InitProcess next = start();

        assertEnded(next, ExitCode.DONE);
        assertThat(next.out())
                .contains("Partial jar of a dead run swept: file=" + leftover)
                .contains("placed=0 kept=8 fetched=1");
        assertComplete();
    }

    @Test
    void partialFileOfALivingRunIsNotSwept() throws IOException {
        BundledJar jar = bundle.jars().get(2);
        Files.delete(image.file(jar));
        server.enqueue(slowly(image.content(jar)));
        InitProcess slow = start();
        Eventually.until(PATIENCE, () -> assertThat(halfDone(jar)).hasSize(1));
        server.enqueue(new MockResponse.Builder()
                .body(new Buffer().write(image.content(jar)))
                .build());

        InitProcess quick = start();

        assertEnded(quick, ExitCode.DONE);
        assertThat(slow.isAlive()).isTrue();
        assertThat(halfDone(jar)).as("of the run that is still at it").hasSize(1);
        assertThat(target.resolve(jar.path())).hasBinaryContent(image.content(jar));
        assertEnded(slow, ExitCode.DONE); // it has lost the race, which is success
        assertComplete();
    }

    @Test
    void runThatIsToldToEndCleansUp() throws IOException {
        BundledJar jar = bundle.jars().get(2);
        Files.delete(image.file(jar));
        server.enqueue(slowly(image.content(jar)));
        InitProcess process = start();
        Eventually.until(PATIENCE, () -> assertThat(halfDone(jar)).hasSize(1));

        process.terminate();

        assertEnded(process, KILLED_BY_SIGTERM);
        assertThat(halfDone(jar)).isEmpty();
    }

    @Test
    void runThatTakesTooLongEndsAndSaysWhatItWaitedFor() throws IOException {
        BundledJar jar = bundle.jars().get(2);
        Files.delete(image.file(jar));
        server.enqueue(slowly(image.content(jar)));
        variables.put("HOLDFAST_JAR_CACHE_TIMEOUT", "2s");

        InitProcess process = start();

        assertEnded(process, ExitCode.TRY_AGAIN);
        assertThat(lastWords)
                .content()
                .contains("8 of 9 jars were ready after 2s, and these were not: lib/jar-2.jar")
                .contains("HOLDFAST_JAR_CACHE_TIMEOUT");
        assertNothingHalfDone();
    }

    @Test
    void fullDiskIsToldAndMoreSpaceIsAllThatIsNeeded() throws IOException {
        try (Volume volume = Volume.ofMebibytes(target, 4)) {
            InitProcess process = start();

            assertEnded(process, ExitCode.TRY_AGAIN);
            assertThat(lastWords)
                    .content()
                    .contains("No space left on device")
                    .contains("Give the volume mounted at " + target + " more space");
            assertNothingHalfDone();

            volume.remount("size=32m");
            assertEnded(start(), ExitCode.DONE);
            assertComplete();
        }
    }

    @Test
    void diskThatAFallbackFillsIsToldAsSuch() throws IOException {
        BundledJar jar = bundle.jars().get(2);
        try (Volume volume = Volume.ofMebibytes(target, 32)) {
            assertEnded(start(), ExitCode.DONE);
            Files.delete(target.resolve(jar.path()));
            Files.delete(image.file(jar));
            volume.remount("size=11m"); // all others take 10.8 MB
            for (int i = 0; i < 9; i++) { // for each attempt of the first run, and one of the second
                server.enqueue(new MockResponse.Builder()
                        .body(new Buffer().write(image.content(jar)))
                        .build());
            }

            InitProcess process = start();

            assertEnded(process, ExitCode.TRY_AGAIN);
            assertThat(lastWords)
                    .content()
                    .contains("lib/jar-2.jar: No space left on device")
                    .contains("more space");

            volume.remount("size=32m");
            assertEnded(start(), ExitCode.DONE);
            assertComplete();
        }
    }

    @Test
    void readOnlyTargetIsTold() {
        try (Volume volume = Volume.ofMebibytes(target, 32)) {
            volume.remount("ro");

            InitProcess process = start();

            assertEnded(process, ExitCode.BAD_CONFIGURATION);
            assertThat(lastWords).content().contains("Read-only file system").contains("Mount a volume at " + target);
        }
    }

    @Test
    void targetOfAnotherUserIsTold() throws IOException {
        Path home = Path.of(System.getProperty("java.io.tmpdir"));
        if (!"root".equals(System.getProperty("user.name")) || !Files.isExecutable(Path.of("/usr/bin/setpriv"))) {
            String why = "SKIPPED: running as another user needs root and setpriv.";
            System.out.println(why);
            Assumptions.abort(why);
        }
        Files.createDirectories(target);
        for (Path path = directory; !path.equals(home); path = path.getParent()) {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        Files.createFile(lastWords);
        Files.setPosixFilePermissions(lastWords, PosixFilePermissions.fromString("rw-rw-rw-"));

        InitProcess process =
                InitProcess.start(directory, variables, List.of("/usr/bin/setpriv", "--reuid=65534", "--clear-groups"));
        processes.add(process);

        assertEnded(process, ExitCode.BAD_CONFIGURATION);
        assertThat(lastWords).content().contains("Permission denied").contains("fsGroup");
    }

    private InitProcess start(String... javaFlags) {
        InitProcess process = InitProcess.start(directory, variables, List.of(), javaFlags);
        processes.add(process);
        return process;
    }

    private static void assertEnded(InitProcess process, int exitCode) {
        int ended = process.exitCode();
        assertThat(ended).as(process::toString).isEqualTo(exitCode);
    }

    /** About four seconds. */
    private static MockResponse slowly(byte[] body) {
        return new MockResponse.Builder()
                .body(new Buffer().write(body))
                .throttleBody(40_000, 100, TimeUnit.MILLISECONDS)
                .build();
    }

    private List<Path> halfDone(BundledJar jar) {
        return JarShelf.partials(target).stream()
                .filter(path -> path.getFileName().toString().startsWith(jar.name()))
                .toList();
    }

    private void assertComplete() throws IOException {
        for (BundledJar jar : bundle.jars()) {
            assertThat(target.resolve(jar.path())).hasBinaryContent(image.content(jar));
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
