package io.holdfast.jarcache.init;

import io.holdfast.jarcache.Checksum;
import io.holdfast.quarkus.DurationConverter;
import io.holdfast.quarkus.LogConfig;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithConverter;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Settings of the jar cache's init container, read from {@code HOLDFAST_JAR_CACHE_*}. */
@ConfigMapping(prefix = "holdfast.jar-cache")
public interface JarCacheConfig {
    /** Directory of the bundle: of {@code bundle.json}, and of {@code jars} with all jars. It is only read. */
    @WithDefault("/holdfast/bundle")
    Path bundle();

    /**
     * Directory that is shared with the Flink container, where jars are placed as {@code lib/x.jar}, {@code
     * plugins/NAME/x.jar} and {@code usrlib/x.jar}. It belongs to one version of one bundle: one that holds other jars is
     * refused, for another pod may be running on it. Not used if {@code HOLDFAST_JAR_CACHE_MODE} is {@code verify}.
     */
    @WithDefault("/holdfast/jars")
    Path target();

    /**
     * How jars come from the bundle to the target. {@code hard-link} needs both on one mounted file system, and costs no
     * space. {@code reflink} leaves the copy to the kernel, which shares the blocks where the file system can (XFS and
     * Btrfs, under Java 25) and copies them where it cannot. {@code copy} works everywhere. {@code auto} takes the
     * first of these three that works, and the log says which it was. {@code verify} places nothing: it checks the bundle
     * where it is, for images that are mounted as volumes.
     */
    @WithDefault("auto")
    Mode mode();

    /**
     * What is checked of each jar, of those that are placed and of those that are there already: {@code checksum} its
     * CRC-32C, which finds damage, {@code digest} its SHA-256, which takes many times the processor time, {@code size} only
     * how long it is, which does not find damage inside, {@code off} nothing. Neither stops who can change the image: what
     * jars must be is in the image too. A jar that comes from a fallback source must have its SHA-256 whatever is set here.
     */
    @WithDefault("checksum")
    Verify verify();

    /**
     * Where a jar is fetched from that is missing or damaged in the bundle, in this order. {@code declared} is the jar's
     * own source, as the bundle declares it. A URI, with one of the schemes {@code hdfs}, {@code http}, {@code https} and
     * {@code file}, is that of a directory in which a file has the jar's name. {@code none}, alone, has the pod fail
     * instead.
     */
    @WithDefault("declared")
    List<String> fallbackSources();

    /** How long all of it may take, from start to end. A run that takes longer fails, and the next one continues. */
    @WithDefault("5m")
    @WithConverter(DurationConverter.class)
    Duration timeout();

    /**
     * How many jars are placed at once, from 1 to 64. More than the container has processors only helps where the disk is
     * slow to answer.
     */
    @WithDefault("4")
    int parallelism();

    /**
     * Version of Flink in the pod, such as {@code 2.2} or {@code 2.2.1}. A bundle that does not fit it is refused. If
     * absent, any bundle will do.
     */
    Optional<String> flinkVersion();

    /**
     * Directory of {@code core-site.xml} and {@code hdfs-site.xml}, for fallback sources in HDFS. Without it only {@code
     * hdfs://HOST:PORT} can be read, and no nameservice.
     */
    Optional<Path> hadoopConfDir();

    /**
     * Kerberos principal for fallback sources in HDFS. Needs {@code HOLDFAST_JAR_CACHE_KERBEROS_KEYTAB_FILE}. If absent, the
     * ticket cache of the process is used where {@code core-site.xml} asks for Kerberos.
     */
    Optional<String> kerberosPrincipal();

    /** File with the keys of {@code HOLDFAST_JAR_CACHE_KERBEROS_PRINCIPAL}. */
    Optional<Path> kerberosKeytabFile();

    /**
     * File in which a failed run leaves its last words, which Kubernetes shows in the state of the pod. The default is
     * where Kubernetes looks, and is not written where it does not exist.
     */
    @WithDefault("/dev/termination-log")
    Path terminationMessageFile();

    /** How it logs. */
    LogConfig log();

    /** How jars come from the bundle to the target. */
    enum Mode {
        AUTO,
        REFLINK,
        HARD_LINK,
        COPY,
        VERIFY
    }

    /** What is checked of a jar. */
    enum Verify {
        CHECKSUM(Checksum.CRC_32C),
        DIGEST(Checksum.SHA_256),
        SIZE(null),
        OFF(null);

        private final Checksum checksum;

        Verify(Checksum checksum) {
            this.checksum = checksum;
        }

        /** What all bytes are read for; empty if they are not. */
        Optional<Checksum> checksum() {
            return Optional.ofNullable(checksum);
        }
    }
}
