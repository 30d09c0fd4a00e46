package io.holdfast.jarcache.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import io.holdfast.testing.hdfs.HdfsFixture;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.io.TempDir;

/** Jars from a real HDFS with two NameNodes, which fail over, stop answering, and are gone. */
@EnabledForJreRange(maxVersion = 23, disabledReason = "Hadoop's servers need a Java older than 24: run Maven with one")
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class HdfsJarSourceIT {

    private static final int BYTES = 3_000_000;

    @TempDir
    private static Path shared;

    private static HdfsFixture hdfs;
    private static Path jar;

    @TempDir
    private Path directory;

    private HdfsJarSource source;

    @BeforeAll
    static void start() throws IOException {
        hdfs = HdfsFixture.in(Files.createDirectories(shared.resolve("hdfs")))
                .highlyAvailable()
                .start();
        byte[] bytes = new byte[BYTES];
        new Random(1).nextBytes(bytes);
        jar = Files.write(shared.resolve("x.jar"), bytes);
        hdfs.put(jar, "/jars/x.jar");
    }

    @AfterAll
    static void stop() {
        hdfs.close();
    }

    private HdfsJarSource source(Optional<Path> configuration) {
        source = new HdfsJarSource(new HdfsSettings(configuration, Optional.empty()));
        return source;
    }

    @AfterEach
    void close() {
        source.close();
    }

    @Test
    void allBytesComeFromANameserviceWhoeverIsActive() {
        AtomicLong seen = new AtomicLong();
        Path target = directory.resolve("x.jar");
        source(Optional.of(hdfs.configuration())).fetch(uri("/jars/x.jar"), target, new Transfer() {
            @Override
            public void at(long bytes, long ofBytes) {
                assertThat(ofBytes).isEqualTo(BYTES);
                seen.set(bytes);
            }

            @Override
            public void retry(String why) {}
        });

        assertThat(target).hasSameBinaryContentAs(jar);
        assertThat(seen).hasValue(BYTES);

        hdfs.failOver();
        source.fetch(uri("/jars/x.jar"), directory.resolve("y.jar"), Transfer.SILENT);

        assertThat(directory.resolve("y.jar")).hasSameBinaryContentAs(jar);
    }

    @Test
    void absentJarIsNamed() {
        HoldfastException failure = failure(Optional.of(hdfs.configuration()), uri("/jars/absent.jar"));

        assertThat(failure.disposition()).isEqualTo(Disposition.FATAL);
        assertThat(failure).hasMessageContaining("There is no " + uri("/jars/absent.jar"));
    }

    @Test
    void nameserviceThatNobodyKnowsAsksForTheSiteFiles() {
        HoldfastException failure = failure(Optional.empty(), URI.create("hdfs://holdfast-nowhere/jars/x.jar"));

        assertThat(failure)
                .hasMessageContaining("core-site.xml and hdfs-site.xml")
                .hasMessageContaining("holdfast-nowhere");
    }

    @Test
    void clusterThatIsDownIsSaidSoonAndIsFoundWhenItIsBack() throws IOException {
        try (HdfsFixture single = HdfsFixture.in(Files.createDirectories(directory.resolve("single")))
                .start()) {
            single.put(jar, "/jars/x.jar");
            URI uri = URI.create(single.uri() + "/jars/x.jar");
            single.stop();

            long begin = System.nanoTime();
            HoldfastException failure = failure(Optional.of(single.configuration()), uri);

            assertThat(failure.disposition()).isEqualTo(Disposition.RETRYABLE);
            assertThat(failure).hasMessageContaining("Check that the NameNode works");
            assertThat(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin))
                    .isLessThan(60);

            single.restart();
            source.fetch(uri, directory.resolve("x.jar"), Transfer.SILENT);

            assertThat(directory.resolve("x.jar")).hasSameBinaryContentAs(jar);
        }
    }

    @Test
    void diskThatCannotBeWrittenIsSaid() {
        Path nowhere = directory.resolve("absent/x.jar");

        HoldfastException failure = catchThrowableOfType(
                HoldfastException.class,
                () -> source(Optional.of(hdfs.configuration())).fetch(uri("/jars/x.jar"), nowhere, Transfer.SILENT));

        assertThat(failure.disposition()).isEqualTo(Disposition.FATAL);
        assertThat(failure).hasMessageContaining("Cannot write " + nowhere);
    }

    @Test
    void loginWithoutKerberosIsRefused() {
        source = new HdfsJarSource(new HdfsSettings(
                Optional.of(hdfs.configuration()),
                Optional.of(new HdfsSettings.Login("flink@EXAMPLE", directory.resolve("flink.keytab")))));

        HoldfastException failure = catchThrowableOfType(
                HoldfastException.class,
                () -> source.fetch(uri("/jars/x.jar"), directory.resolve("x.jar"), Transfer.SILENT));

        assertThat(failure).hasMessageContaining("hadoop.security.authentication");
    }

    private HoldfastException failure(Optional<Path> configuration, URI uri) {
        return catchThrowableOfType(
                HoldfastException.class,
                () -> source(configuration).fetch(uri, directory.resolve("x.jar"), Transfer.SILENT));
    }

    private static URI uri(String path) {
        return URI.create(hdfs.uri() + path);
    }
}
