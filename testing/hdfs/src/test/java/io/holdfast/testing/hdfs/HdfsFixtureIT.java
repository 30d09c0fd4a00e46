package io.holdfast.testing.hdfs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.io.TempDir;

/** The HDFS that other tests rely on is real: a Hadoop client reads from it over sockets, through its site files. */
@EnabledForJreRange(maxVersion = 23, disabledReason = "Hadoop's servers need a Java older than 24: run Maven with one")
@Timeout(300)
class HdfsFixtureIT {

    private static final byte[] CONTENT = new byte[3 * 1024 * 1024];

    static {
        new Random(7).nextBytes(CONTENT);
    }

    @TempDir
    private Path directory;

    @Test
    void whatWasPutIsReadAndCounted() throws IOException {
        try (HdfsFixture hdfs = HdfsFixture.in(directory).dataNodes(2).start()) {
            hdfs.put(file(), "/jars/a.jar");
            assertThat(hdfs.bytesRead()).isZero();

            assertThat(read(hdfs, "/jars/a.jar")).isEqualTo(CONTENT);
            assertThat(hdfs.bytesRead()).isBetween((long) CONTENT.length, CONTENT.length + 64L * 1024);

            hdfs.delete("/jars/a.jar");
            assertThatThrownBy(() -> read(hdfs, "/jars/a.jar")).hasMessageContaining("File does not exist");
        }
    }

    @Test
    void processWithItsJarsOfAClientReads() throws Exception {
        try (HdfsFixture hdfs = HdfsFixture.in(directory).start()) {
            hdfs.put(file(), "/jars/a.jar");
            List<Path> classPath = new ArrayList<>(List.of(hdfs.configuration()));
            classPath.addAll(hdfs.clientJars());
            Stream.of(System.getProperty("java.class.path").split(":"))
                    .filter(jar -> jar.contains("/slf4j-api-"))
                    .map(Path::of)
                    .forEach(classPath::add);
            Path read = directory.resolve("read");

            Process client = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            classPath.stream().map(Path::toString).collect(Collectors.joining(":")),
                            "org.apache.hadoop.fs.FsShell",
                            "-get",
                            hdfs.uri() + "/jars/a.jar",
                            read.toString())
                    .redirectErrorStream(true)
                    .start();

            String output = new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(client.waitFor()).as(output).isZero();
            assertThat(read).hasBinaryContent(CONTENT);
        }
    }

    @Test
    void stoppedItRefusesConnectionsAndRestartedItHasItsFiles() throws IOException {
        try (HdfsFixture hdfs = HdfsFixture.in(directory).start()) {
            hdfs.put(file(), "/jars/a.jar");
            read(hdfs, "/jars/a.jar");
            long before = hdfs.bytesRead();

            hdfs.stop();

            assertThatThrownBy(() -> read(hdfs, "/jars/a.jar")).isInstanceOf(ConnectException.class);
            assertThatIllegalStateException()
                    .isThrownBy(() -> hdfs.delete("/jars/a.jar"))
                    .withMessageContaining("HDFS is not running");
            assertThat(hdfs.bytesRead()).isEqualTo(before);

            hdfs.restart();

            assertThat(read(hdfs, "/jars/a.jar")).isEqualTo(CONTENT);
            assertThat(hdfs.bytesRead()).isGreaterThanOrEqualTo(before + CONTENT.length);
        }
    }

    @Test
    void nameserviceIsReadBeforeAndAfterItsFailOver() throws IOException {
        try (HdfsFixture hdfs = HdfsFixture.in(directory).highlyAvailable().start()) {
            assertThat(hdfs.uri()).hasToString("hdfs://holdfast");
            hdfs.put(file(), "/jars/a.jar");

            hdfs.failOver();

            assertThat(read(hdfs, "/jars/a.jar")).isEqualTo(CONTENT);
        }
    }

    @Test
    void securedItTurnsAwayWhoHasNoTicketAlsoAfterARestart() throws IOException {
        try (HdfsFixture hdfs = HdfsFixture.in(directory).secured().start()) {
            hdfs.put(file(), "/jars/a.jar");
            String flink = "flink@" + HdfsFixture.REALM;

            assertThat(hdfs.addPrincipal(flink)).isNotEmptyFile();
            assertThat(hdfs.logIn(flink)).isNotEmptyFile();
            assertThat(hdfs.krb5Conf()).content().contains(HdfsFixture.REALM);
            assertThatThrownBy(() -> readWithoutKerberos(hdfs))
                    .hasMessageContaining("SIMPLE authentication is not enabled");

            hdfs.stop();
            hdfs.restart();

            assertThatThrownBy(() -> readWithoutKerberos(hdfs))
                    .hasMessageContaining("SIMPLE authentication is not enabled");
            hdfs.delete("/jars/a.jar");
        }
    }

    @Test
    void requestItCannotServeIsAnError() {
        try (HdfsFixture hdfs = HdfsFixture.in(directory).start()) {
            assertThatThrownBy(() -> hdfs.delete("/none")).hasMessageContaining("There is no /none");
            assertThatThrownBy(() -> hdfs.put(directory.resolve("none"), "/a"))
                    .hasMessageContaining("HDFS did not put")
                    .hasMessageContaining("none");
            assertThatThrownBy(hdfs::failOver).hasMessageContaining("highlyAvailable()");
            assertThatThrownBy(() -> hdfs.logIn("flink")).hasMessageContaining("not started with secured()");
            assertThatThrownBy(hdfs::restart).hasMessageContaining("Call stop() first");
        }
    }

    @Test
    void nothingOutlivesIt() throws IOException {
        HdfsFixture hdfs = HdfsFixture.in(directory).start();
        hdfs.freeze(); // a stopped process must end too

        hdfs.close();

        assertThat(ProcessHandle.current().children()).isEmpty();
        assertThat(Files.readString(hdfs.log())).contains("NameNode");
    }

    private Path file() throws IOException {
        return Files.write(directory.resolve("a.jar"), CONTENT);
    }

    private static byte[] read(HdfsFixture hdfs, String path) throws IOException {
        Configuration configuration = new Configuration();
        for (String file : new String[] {"core-site.xml", "hdfs-site.xml"}) {
            configuration.addResource(hdfs.configuration().resolve(file).toUri().toURL());
        }
        return read(configuration, path);
    }

    private static byte[] readWithoutKerberos(HdfsFixture hdfs) throws IOException {
        Configuration configuration = new Configuration();
        configuration.set("fs.defaultFS", hdfs.uri().toString());
        return read(configuration, "/jars/a.jar");
    }

    private static byte[] read(Configuration configuration, String path) throws IOException {
        configuration.setInt("ipc.client.connect.max.retries", 1);
        try (FileSystem files = FileSystem.newInstance(configuration);
                InputStream in = files.open(new org.apache.hadoop.fs.Path(path))) {
            return in.readAllBytes();
        }
    }
}
