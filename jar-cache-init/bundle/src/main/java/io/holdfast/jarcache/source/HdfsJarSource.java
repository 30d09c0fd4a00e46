package io.holdfast.jarcache.source;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hdfs.BlockMissingException;
import org.apache.hadoop.security.AccessControlException;
import org.apache.hadoop.security.UserGroupInformation;

/** {@code hdfs:} URIs, by Hadoop's client. Logs in when the first jar is fetched. */
final class HdfsJarSource implements JarSource {

    private static final int BUFFER_BYTES = 1 << 17;

    /** Hadoop's own would keep a pod waiting for a quarter of an hour; what a site file says wins. */
    private static final Map<String, String> PATIENCE = Map.of(
            "ipc.client.connect.timeout", "10000",
            "ipc.client.connect.max.retries", "3",
            "ipc.client.connect.retry.interval", "1000",
            "ipc.client.connect.max.retries.on.timeouts", "3",
            "dfs.client.failover.max.attempts", "8",
            "dfs.client.failover.sleep.max.millis", "5000");

    private final HdfsSettings settings;
    private final Map<URI, FileSystem> fileSystems = new ConcurrentHashMap<>();
    private volatile boolean closed;
    private Configuration configuration;

    HdfsJarSource(HdfsSettings settings) {
        this.settings = settings;
    }

    @Override
    public void fetch(URI jar, java.nio.file.Path target, Transfer transfer) {
        try {
            FileSystem hdfs = fileSystem(jar);
            Path file = new Path(jar);
            long all = hdfs.getFileStatus(file).getLen();
            try (InputStream in = hdfs.open(file)) {
                copy(in, target, all, transfer);
            }
        } catch (FileNotFoundException e) {
            throw new HoldfastException(
                    Disposition.FATAL, "There is no " + jar, "Correct the source of this jar, or put the jar there", e);
        } catch (AccessControlException e) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "%s may not be read: %s".formatted(jar, firstLine(e)),
                    UserGroupInformation.isSecurityEnabled()
                            ? "Let this user read it, or log in as one who may"
                            : "Let this user read it; if the cluster asks for Kerberos, give a core-site.xml that sets "
                                    + "hadoop.security.authentication to kerberos, and a Kerberos login",
                    e);
        } catch (BlockMissingException e) {
            throw new HoldfastException(
                    Disposition.RETRYABLE,
                    "%s cannot be fetched: %s".formatted(jar, firstLine(e)),
                    "Check that the DataNodes work and can be reached from here"
                            + (UserGroupInformation.isSecurityEnabled()
                                    ? ", and that hdfs-site.xml has dfs.data.transfer.protection as they have it"
                                    : ""),
                    e);
        } catch (IOException e) {
            throw new HoldfastException(
                    Disposition.RETRYABLE,
                    "%s cannot be fetched: %s".formatted(jar, firstLine(e)),
                    "Check that the NameNode works and can be reached from here"
                            + settings.configuration()
                                    .map(directory -> ", and what the site files in " + directory + " say")
                                    .orElse(", and give the directory of core-site.xml and hdfs-site.xml if "
                                            + jar.getAuthority() + " is a nameservice"),
                    e);
        } catch (IllegalArgumentException e) { // how the client says that it knows no such host or nameservice
            throw new HoldfastException(
                    Disposition.FATAL,
                    "%s cannot be fetched: %s".formatted(jar, firstLine(e)),
                    "Give the directory of core-site.xml and hdfs-site.xml that name " + jar.getAuthority(),
                    e);
        }
    }

    private static void copy(InputStream in, java.nio.file.Path target, long all, Transfer transfer)
            throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        long bytes = 0;
        try (OutputStream out = open(target)) {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                try {
                    out.write(buffer, 0, read);
                } catch (IOException e) {
                    throw HttpJarSource.cannotWrite(target, e);
                }
                bytes += read;
                transfer.at(bytes, all);
            }
        }
    }

    private static OutputStream open(java.nio.file.Path target) {
        try {
            return Files.newOutputStream(target);
        } catch (IOException e) {
            throw HttpJarSource.cannotWrite(target, e);
        }
    }

    /** One per cluster, of our own: others in this process may close those that Hadoop shares. */
    private FileSystem fileSystem(URI jar) throws IOException {
        URI cluster = URI.create(jar.getScheme() + "://" + (jar.getAuthority() == null ? "" : jar.getAuthority()));
        FileSystem known = fileSystems.get(cluster);
        if (known != null) {
            return known;
        }
        synchronized (this) {
            if (closed) {
                throw new IOException("the source was closed meanwhile");
            }
            if (!fileSystems.containsKey(cluster)) {
                fileSystems.put(cluster, FileSystem.newInstance(cluster, configuration()));
            }
            return fileSystems.get(cluster);
        }
    }

    private Configuration configuration() {
        if (configuration == null) {
            Configuration read = new Configuration();
            settings.configuration().ifPresent(directory -> {
                for (String name : new String[] {"core-site.xml", "hdfs-site.xml"}) {
                    java.nio.file.Path file = directory.resolve(name);
                    if (Files.isReadable(file)) {
                        read.addResource(new Path(file.toUri()));
                    }
                }
            });
            PATIENCE.forEach((key, value) -> {
                String[] sources = read.getPropertySources(key);
                if (sources == null || sources[0].endsWith("-default.xml")) {
                    read.set(key, value);
                }
            });
            KerberosLogin.logIn(read, settings.login());
            configuration = read;
        }
        return configuration;
    }

    /** Hadoop's messages go on with stack traces of the server. */
    static String firstLine(Throwable e) {
        String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        return message.lines().findFirst().orElse(e.getClass().getSimpleName());
    }

    /** Does not wait for a login that hangs. */
    @Override
    public void close() {
        closed = true;
        for (FileSystem fileSystem : fileSystems.values()) {
            try {
                fileSystem.close();
            } catch (IOException e) {
                continue; // nothing was written
            }
        }
        fileSystems.clear();
    }
}
