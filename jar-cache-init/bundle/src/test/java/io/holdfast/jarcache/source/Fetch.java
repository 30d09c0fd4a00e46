package io.holdfast.jarcache.source;

import io.holdfast.base.HoldfastException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * One jar fetched by a process of its own, because Java reads krb5.conf once and Hadoop has one user per process.
 *
 * @param outcome {@code FETCHED}, or the disposition of the failure
 * @param said the failure's message, and whatever else was printed
 */
record Fetch(String outcome, String said, Duration took) {

    private static final String FETCHED = "FETCHED";

    static Fetch of(
            URI jar,
            Path target,
            Path configuration,
            Optional<HdfsSettings.Login> login,
            Path krb5Conf,
            Map<String, String> environment) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-Djava.security.krb5.conf=" + krb5Conf,
                "-cp",
                System.getProperty("java.class.path"),
                Fetch.class.getName(),
                jar.toString(),
                target.toString(),
                configuration.toString()));
        login.ifPresent(given ->
                command.addAll(List.of(given.principal(), given.keytab().toString())));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("HADOOP_"));
        builder.environment()
                .put("KRB5CCNAME", target.resolveSibling("no-tickets").toString()); // not the developer's
        builder.environment().putAll(environment);
        long begin = System.nanoTime();
        try {
            Process process = builder.start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            process.waitFor(10, TimeUnit.SECONDS);
            Duration took = Duration.ofNanos(System.nanoTime() - begin);
            String[] parts = output.split("\n", 2);
            return new Fetch(parts[0], parts.length == 1 ? "" : parts[1].strip(), took);
        } catch (IOException e) {
            throw new UncheckedIOException("No process to fetch " + jar, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while fetching " + jar, e);
        }
    }

    boolean succeeded() {
        return outcome.equals(FETCHED);
    }

    /** Arguments: jar, target, directory of the site files, and perhaps a principal and its keytab. */
    public static void main(String[] args) {
        Optional<HdfsSettings.Login> login =
                args.length == 3 ? Optional.empty() : Optional.of(new HdfsSettings.Login(args[3], Path.of(args[4])));
        try (JarSource source = new HdfsJarSource(new HdfsSettings(Optional.of(Path.of(args[2])), login))) {
            Path target = Path.of(args[1]);
            source.fetch(URI.create(args[0]), target, Transfer.SILENT);
            System.out.println(Files.exists(target) ? FETCHED : "nothing at " + target);
        } catch (HoldfastException e) {
            System.out.println(e.disposition() + "\n" + e.getMessage());
        }
        System.exit(0); // Hadoop leaves threads that are no daemons
    }
}
