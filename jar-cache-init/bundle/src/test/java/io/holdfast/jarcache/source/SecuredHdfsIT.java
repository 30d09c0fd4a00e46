package io.holdfast.jarcache.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.testing.hdfs.HdfsFixture;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.io.TempDir;

/** Jars from a real HDFS that asks for Kerberos, with a real KDC; each fetch is a process of its own. */
@EnabledForJreRange(maxVersion = 23, disabledReason = "Hadoop's servers need a Java older than 24: run Maven with one")
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class SecuredHdfsIT {

    private static final String FLINK = "flink@" + HdfsFixture.REALM;
    /** None of this gets better by trying again; the process and its start are in it. */
    private static final Duration SOON = Duration.ofSeconds(20);

    private static final String QUICK_RETRIES = "<name>dfs.client.retry.window.base</name><value>100</value>";

    @TempDir
    private static Path shared;

    private static HdfsFixture hdfs;
    private static Path jar;
    private static Path keytab;

    @TempDir
    private Path directory;

    @BeforeAll
    static void start() throws IOException {
        hdfs = HdfsFixture.in(Files.createDirectories(shared.resolve("hdfs")))
                .secured()
                .start();
        byte[] bytes = new byte[3_000_000];
        new Random(1).nextBytes(bytes);
        jar = Files.write(shared.resolve("x.jar"), bytes);
        hdfs.put(jar, "/jars/x.jar");
        keytab = hdfs.addPrincipal(FLINK);
    }

    @AfterAll
    static void stop() {
        hdfs.close();
    }

    @Test
    void principalAndKeytabFetchAJar() {
        Fetch fetch = fetch(FLINK, keytab);

        assertThat(fetch.succeeded()).as(fetch.toString()).isTrue();
        assertThat(target()).hasSameBinaryContentAs(jar);
    }

    @Test
    void ticketCacheFetchesAJar() {
        Fetch fetch = fetch(
                hdfs.configuration(),
                Optional.empty(),
                Map.of("KRB5CCNAME", hdfs.logIn(FLINK).toString()));

        assertThat(fetch.succeeded()).as(fetch.toString()).isTrue();
        assertThat(target()).hasSameBinaryContentAs(jar);
    }

    @Test
    void withoutALoginItIsAskedFor() {
        Fetch fetch = fetch(hdfs.configuration(), Optional.empty(), Map.of());

        assertRefused(
                fetch,
                "HDFS asks for Kerberos, and %s has no ticket. Give a Kerberos principal and its keytab, or run kinit before."
                        .formatted(System.getProperty("user.name")));
    }

    @Test
    void siteFilesThatDoNotSpeakOfKerberosAreNamed() throws IOException {
        Path plain = Files.createDirectories(directory.resolve("conf"));
        Files.writeString(plain.resolve("core-site.xml"), "<configuration/>");

        Fetch fetch = fetch(plain, Optional.empty(), Map.of());

        assertRefused(fetch, "hadoop.security.authentication");
    }

    /** The DataNodes are secured too: who does not speak as they do gets no block. */
    @Test
    void siteFilesThatDoNotProtectBlocksAreNamed() throws IOException {
        Path unprotected = Files.createDirectories(directory.resolve("conf"));
        Files.copy(hdfs.configuration().resolve("core-site.xml"), unprotected.resolve("core-site.xml"));
        String site = Files.readString(hdfs.configuration().resolve("hdfs-site.xml"));
        String value = "<value>authentication</value>";
        assertThat(site).contains("<name>dfs.data.transfer.protection</name>" + value);
        Files.writeString(
                unprotected.resolve("hdfs-site.xml"),
                site.replace("<name>dfs.data.transfer.protection</name>" + value, QUICK_RETRIES));

        Fetch fetch = fetch(unprotected, Optional.of(new HdfsSettings.Login(FLINK, keytab)), Map.of());

        assertThat(fetch.outcome()).as(fetch.toString()).isEqualTo("RETRYABLE");
        assertThat(fetch.said()).contains("dfs.data.transfer.protection").hasLineCount(1);
        assertThat(fetch.took()).isLessThan(SOON);
    }

    @Test
    void keytabOfAnotherPrincipalIsNamed() {
        Path other = hdfs.addPrincipal("other@" + HdfsFixture.REALM);

        Fetch fetch = fetch(FLINK, other);

        assertRefused(fetch, "The keytab %s holds no key of %s that Java can use.".formatted(other, FLINK));
    }

    @Test
    void fileThatIsNoKeytabIsNamed() throws IOException {
        Path junk = Files.writeString(directory.resolve("junk.keytab"), "junk");

        Fetch fetch = fetch(FLINK, junk);

        assertRefused(fetch, "The keytab %s holds no key of %s that Java can use.".formatted(junk, FLINK));
    }

    @Test
    void principalThatIsNoneIsNamed() {
        Fetch fetch = fetch("flink@", keytab);

        assertRefused(fetch, "flink@ is no Kerberos principal: ");
    }

    @Test
    void keytabThatIsNotThereIsNamed() {
        Path absent = directory.resolve("absent.keytab");

        Fetch fetch = fetch(FLINK, absent);

        assertRefused(fetch, "There is no keytab %s that this process may read.".formatted(absent));
    }

    @Test
    void keytabWithOldKeysIsRefused() {
        String principal = "rekeyed@" + HdfsFixture.REALM;
        Path old = hdfs.addPrincipal(principal);
        hdfs.changeKeys(principal);

        Fetch fetch = fetch(principal, old);

        assertRefused(fetch, "Kerberos refuses %s with the keytab %s: ".formatted(principal, old));
        assertThat(fetch.said()).contains("the keytab is its newest");
    }

    @Test
    void principalThatNobodyKnowsIsRefused() {
        String principal = "gone@" + HdfsFixture.REALM;
        Path itsKeytab = hdfs.addPrincipal(principal);
        hdfs.removePrincipal(principal);

        Fetch fetch = fetch(principal, itsKeytab);

        assertRefused(fetch, "Kerberos refuses %s with the keytab %s: ".formatted(principal, itsKeytab));
        assertThat(fetch.said()).contains("Check that the principal exists");
    }

    @Test
    void absentKrb5ConfIsNamed() {
        Fetch fetch = Fetch.of(
                uri(),
                target(),
                hdfs.configuration(),
                Optional.of(new HdfsSettings.Login(FLINK, keytab)),
                directory.resolve("absent.conf"),
                Map.of());

        assertRefused(fetch, "core-site.xml asks for Kerberos, and no realm is known here: ");
        assertThat(fetch.said()).contains("/etc/krb5.conf");
    }

    @Test
    void kdcThatIsDownIsSaidAndMayBeTriedAgain() throws IOException {
        try (HdfsFixture down = HdfsFixture.in(Files.createDirectories(directory.resolve("down")))
                .secured()
                .start()) {
            Path its = down.addPrincipal(FLINK);
            down.stop();

            Fetch fetch = Fetch.of(
                    URI.create(down.uri() + "/jars/x.jar"),
                    target(),
                    down.configuration(),
                    Optional.of(new HdfsSettings.Login(FLINK, its)),
                    down.krb5Conf(),
                    Map.of());

            assertThat(fetch.outcome()).as(fetch.toString()).isEqualTo("RETRYABLE");
            assertThat(fetch.said()).startsWith("No answer from Kerberos for " + FLINK);
            assertThat(fetch.took()).isLessThan(SOON);
        }
    }

    private static void assertRefused(Fetch fetch, String said) {
        assertThat(fetch.outcome()).as(fetch.toString()).isEqualTo("FATAL");
        assertThat(fetch.said()).contains(said).hasLineCount(1);
        assertThat(fetch.took()).isLessThan(SOON);
    }

    private Fetch fetch(String principal, Path itsKeytab) {
        return fetch(hdfs.configuration(), Optional.of(new HdfsSettings.Login(principal, itsKeytab)), Map.of());
    }

    private Fetch fetch(Path configuration, Optional<HdfsSettings.Login> login, Map<String, String> environment) {
        return Fetch.of(uri(), target(), configuration, login, hdfs.krb5Conf(), environment);
    }

    private Path target() {
        return directory.resolve("x.jar");
    }

    private static URI uri() {
        return URI.create(hdfs.uri() + "/jars/x.jar");
    }
}
