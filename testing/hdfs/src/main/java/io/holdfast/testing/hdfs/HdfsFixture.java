package io.holdfast.testing.hdfs;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A real HDFS on 127.0.0.1: NameNodes and DataNodes with their sockets, in one JVM that is not the test's.
 *
 * <h2>Use</h2>
 *
 * <pre>{@code
 * try (HdfsFixture hdfs = HdfsFixture.in(directory).start()) {
 *     hdfs.put(jar, "/jars/a.jar");
 *     fetch(hdfs.uri().resolve("/jars/a.jar"), hdfs.configuration());
 *     assertThat(hdfs.bytesRead()).isPositive();
 *     hdfs.stop(); // connections are refused from here on
 *     hdfs.restart(); // same address, same files
 * }
 * }</pre>
 *
 * <p>It can be secured with Kerberos, whose realm is then served by the same JVM. A client of it needs to be a process of
 * its own, with {@code -Djava.security.krb5.conf} set to {@link #krb5Conf()}: Java reads that once.
 *
 * <p>Needs a JVM that Hadoop's servers run on, which is one older than 24; the test's own is taken. Only one thread may
 * use an instance at a time.
 */
public final class HdfsFixture implements AutoCloseable {

    /** That all principals are of, if it is secured. */
    public static final String REALM = "HOLDFAST.TEST";

    private static final Duration START_TIMEOUT = Duration.ofSeconds(120);
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(60);
    private static final int FAILURE_TAIL_LINES = 40;
    private static final Pattern CLIENT_JAR = Pattern.compile("(hadoop-client-(api|runtime)|jcl-over-slf4j)-.*\\.jar");
    /** It has no security manager any more, which Hadoop 3.4 asks for. */
    private static final int FIRST_UNFIT_JAVA = 24;

    private final Path directory;
    private final int dataNodes;
    private final Path target;
    private final SiteFiles site;
    private final Optional<Integer> kdcPort;
    private final Thread hook = new Thread(this::kill, "hdfs-fixture-shutdown");
    private Process server;
    private long bytesReadBefore; // by the DataNodes of earlier lives

    private HdfsFixture(Builder setup) {
        this.directory = setup.directory.toAbsolutePath();
        this.dataNodes = setup.dataNodes;
        this.target = setup.target;
        List<Integer> ports = freePorts(setup.nameNodes + (setup.secured ? 1 : 0));
        this.site = new SiteFiles(ports.subList(0, setup.nameNodes), setup.secured);
        this.kdcPort = setup.secured ? Optional.of(ports.get(setup.nameNodes)) : Optional.empty();
        try {
            site.write(configuration());
        } catch (IOException e) {
            throw new UncheckedIOException("No HDFS configuration written to " + configuration(), e);
        }
        Runtime.getRuntime().addShutdownHook(hook);
        boolean started = false;
        try {
            start(true);
            started = true;
        } finally {
            if (!started) {
                close();
            }
        }
    }

    /** Starts describing an HDFS whose files, configuration and log go to {@code directory}. */
    public static Builder in(Path directory) {
        return new Builder(directory);
    }

    /** What to start; one NameNode and one DataNode unless said otherwise. */
    public static final class Builder {
        private final Path directory;
        private int dataNodes = 1;
        private int nameNodes = 1;
        private boolean secured;
        private Path target = ServerClassPath.target();

        private Builder(Path directory) {
            this.directory = directory;
        }

        public Builder dataNodes(int count) {
            if (count < 1) {
                throw new IllegalArgumentException("count of DataNodes must be positive: " + count);
            }
            dataNodes = count;
            return this;
        }

        /** Two NameNodes behind one nameservice, the first of them active. */
        public Builder highlyAvailable() {
            nameNodes = 2;
            return this;
        }

        /** With Kerberos, for whoever connects and for the blocks on their way. */
        public Builder secured() {
            secured = true;
            return this;
        }

        /** The {@code target} directory of this module, if its classes were not loaded from there. */
        public Builder builtIn(Path target) {
            this.target = target;
            return this;
        }

        /** Returns when files can be written. */
        public HdfsFixture start() {
            return new HdfsFixture(this);
        }
    }

    /** {@code hdfs://127.0.0.1:PORT}, or the nameservice's {@code hdfs://holdfast} if it is highly available. */
    public URI uri() {
        return URI.create(site.uri());
    }

    /** Directory with the {@code core-site.xml} and {@code hdfs-site.xml} for clients: their HADOOP_CONF_DIR. */
    public Path configuration() {
        return directory.resolve("conf");
    }

    /** What a client of it, in a process of its own, has on its class path; besides SLF4J. */
    public List<Path> clientJars() {
        return Stream.of(ServerClassPath.read(target).split(File.pathSeparator))
                .map(Path::of)
                .filter(jar ->
                        CLIENT_JAR.matcher(String.valueOf(jar.getFileName())).matches())
                .toList();
    }

    /** Where Kerberos is found, if it is secured. */
    public Path krb5Conf() {
        return kerberos().resolve("krb5.conf");
    }

    /**
     * Adds a principal, such as {@code flink@} {@link #REALM}, of the user of that name.
     *
     * @return a keytab with its keys; neither is good after a restart
     */
    public Path addPrincipal(String principal) {
        return Path.of(ask("add-principal", principal, keytab(principal).toString()));
    }

    /** Its keytab does not have the new ones. */
    public void changeKeys(String principal) {
        ask("change-keys", principal);
    }

    /** Its keytab stays. */
    public void removePrincipal(String principal) {
        ask("remove-principal", principal);
    }

    /**
     * Gets a ticket with the keytab of a principal that was added, as {@code kinit} would.
     *
     * @return the ticket cache, for {@code KRB5CCNAME}
     */
    public Path logIn(String principal) {
        return Path.of(ask(
                "log-in",
                principal,
                keytab(principal).toString(),
                kerberos().resolve(principal + ".tickets").toString()));
    }

    private Path keytab(String principal) {
        return kerberos().resolve(principal + ".keytab");
    }

    private Path kerberos() {
        return directory.resolve("kerberos");
    }

    /** Log of the NameNodes and DataNodes. */
    public Path log() {
        return directory.resolve("hdfs.log");
    }

    /** Writes or replaces the file {@code path}, such as {@code /jars/a.jar}, readable by everybody. */
    public void put(Path local, String path) {
        ask("put", local.toAbsolutePath().toString(), path);
    }

    /** Deletes a file or a directory with all it holds. */
    public void delete(String path) {
        if (!Boolean.parseBoolean(ask("delete", path))) {
            throw new IllegalArgumentException("There is no %s in %s".formatted(path, uri()));
        }
    }

    /** Bytes that all DataNodes have sent to readers since the start; what was sent before a restart counts too. */
    public long bytesRead() {
        return bytesReadBefore + (isRunning() ? Long.parseLong(ask("bytes-read")) : 0);
    }

    /** Makes the standby NameNode the active one. */
    public void failOver() {
        if (site.nameNodePorts().size() == 1) {
            throw new IllegalStateException("There is one NameNode. Start the fixture with highlyAvailable().");
        }
        ask("fail-over");
    }

    /** Ends all NameNodes and DataNodes by SIGKILL, as a lost rack would. Files stay. */
    public void stop() {
        bytesReadBefore = bytesRead();
        kill();
    }

    /** Starts again after {@link #stop()}, at the same address and with the same files. */
    public void restart() {
        if (isRunning()) {
            throw new IllegalStateException("HDFS is running. Call stop() first.");
        }
        start(false);
    }

    /** Sends SIGSTOP: connections are accepted by the kernel and nobody answers, like a lost node. */
    public void freeze() {
        signal("STOP");
    }

    /** Sends SIGCONT after {@link #freeze()}. */
    public void thaw() {
        signal("CONT");
    }

    /** Ends HDFS; returns when it is gone. Its directory stays. */
    @Override
    public void close() {
        kill();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The JVM is shutting down already; the hook does the same again.
        }
    }

    private void start(boolean format) {
        int java = Runtime.version().feature();
        if (java >= FIRST_UNFIT_JAVA) {
            throw new IllegalStateException("Hadoop's servers do not run on Java %d. Run this with one older than %d."
                    .formatted(java, FIRST_UNFIT_JAVA));
        }
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
                "-Djava.io.tmpdir=" + directory,
                "-Djava.net.preferIPv4Stack=true",
                "-Dlog4j2.level=info",
                "-cp",
                ServerClassPath.read(target),
                "io.holdfast.testing.hdfs.HdfsServer",
                directory.resolve("data").toString(),
                Boolean.toString(format),
                Integer.toString(dataNodes),
                String.join(
                        ",", site.nameNodePorts().stream().map(Object::toString).toList()),
                configuration().toString()));
        kdcPort.ifPresent(port -> command.addAll(List.of(kerberos().toString(), port.toString())));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectError(ProcessBuilder.Redirect.appendTo(log().toFile()));
        builder.environment().keySet().removeIf(name -> name.startsWith("HADOOP_"));
        try {
            server = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException("HDFS not started with " + command.get(0), e);
        }
        answer(START_TIMEOUT, "start");
    }

    private boolean isRunning() {
        return server != null && server.isAlive();
    }

    private String ask(String... request) {
        if (!isRunning()) {
            throw new IllegalStateException("HDFS is not running, so it cannot %s.%n%s".formatted(request[0], tail()));
        }
        try {
            Writer requests = server.outputWriter(StandardCharsets.UTF_8);
            requests.write(String.join("\t", request) + "\n");
            requests.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("HDFS ended before it could " + request[0] + ".\n" + tail(), e);
        }
        return answer(ANSWER_TIMEOUT, request[0]);
    }

    private String answer(Duration timeout, String request) {
        BufferedReader answers = server.inputReader(StandardCharsets.UTF_8);
        FutureTask<String> reading = new FutureTask<>(answers::readLine);
        Thread reader = new Thread(reading, "hdfs-fixture-answer");
        reader.setDaemon(true);
        reader.start();
        String line;
        try {
            line = reading.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            kill();
            throw new IllegalStateException(
                    "HDFS did not %s within %d s.%n%s".formatted(request, timeout.toSeconds(), tail()), e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("HDFS did not %s.%n%s".formatted(request, tail()), e.getCause());
        } catch (InterruptedException e) {
            kill();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while HDFS was to " + request, e);
        }
        if (line == null || !line.startsWith("ok\t")) {
            throw new IllegalStateException("HDFS did not %s: %s%n%s".formatted(request, line, tail()));
        }
        return line.substring("ok\t".length());
    }

    private void signal(String signal) {
        try {
            int exit = new ProcessBuilder("kill", "-" + signal, Long.toString(server.pid()))
                    .inheritIO()
                    .start()
                    .waitFor();
            if (exit != 0) {
                throw new IllegalStateException("SIG%s not delivered to HDFS (pid %d), alive: %s."
                        .formatted(signal, server.pid(), server.isAlive()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void kill() {
        if (server != null) {
            server.destroyForcibly();
            server.onExit().orTimeout(10, TimeUnit.SECONDS).join();
        }
    }

    private String tail() {
        try {
            List<String> lines = new String(Files.readAllBytes(log()), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            return String.join("\n", lines.subList(Math.max(0, lines.size() - FAILURE_TAIL_LINES), lines.size()));
        } catch (IOException e) {
            return log() + ": " + e;
        }
    }

    /** All different: each is held until the last is found. */
    private static List<Integer> freePorts(int count) {
        List<ServerSocket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
            }
            return sockets.stream().map(ServerSocket::getLocalPort).toList();
        } catch (IOException e) {
            throw new UncheckedIOException("No free port on 127.0.0.1", e);
        } finally {
            for (ServerSocket socket : sockets) {
                try {
                    socket.close();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    /** What the build has noted beside this class: the server's jars are on no other class path. */
    private static final class ServerClassPath {

        private ServerClassPath() {}

        static String read(Path target) {
            Path jars = target.resolve("hdfs.classpath");
            try {
                return target.resolve("classes") + ":" + Files.readString(jars).strip();
            } catch (IOException e) {
                throw new UncheckedIOException(
                        "No class path of the HDFS server in %s. Build the module testing/hdfs of this checkout."
                                .formatted(jars),
                        e);
            }
        }

        /** The one that this class was loaded from. */
        static Path target() {
            return classes().getParent();
        }

        private static Path classes() {
            try {
                return Path.of(HdfsFixture.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI());
            } catch (URISyntaxException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
