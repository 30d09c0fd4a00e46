package io.holdfast.jarcache.builder;

import com.google.cloud.tools.jib.api.buildplan.Platform;
import io.holdfast.base.Disposition;
import io.holdfast.base.ExitCode;
import io.holdfast.base.HoldfastException;
import io.holdfast.jarcache.Bundle;
import io.holdfast.jarcache.builder.BundleCheck.Findings;
import io.holdfast.jarcache.builder.BundleFile.DeclaredJar;
import io.holdfast.jarcache.builder.BundleLock.Found;
import io.holdfast.jarcache.source.HdfsSettings;
import io.holdfast.jarcache.source.HttpSettings;
import io.holdfast.jarcache.source.JarSources;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code ./holdfast bundle}: the main class. Exit codes are {@link ExitCode}'s, and 2 for wrong usage; {@code check} that
 * finds an error ends with {@link ExitCode#BAD_CONFIGURATION}.
 */
@Command(
        name = "bundle",
        description = "Puts the jars that every job needs into an image, from which TaskManagers start.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        version = "holdfast 0.1.0")
public final class BundleTool {

    static final String SCHEMA = "bundle.schema.json";

    private static final String TERMINAL = "holdfast.terminal";

    private final PrintStream out;
    private final PrintStream err;

    BundleTool(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    public static void main(String[] args) {
        System.exit(run(List.of(args), System.out, System.err));
    }

    static int run(List<String> args, PrintStream out, PrintStream err) {
        CommandLine commands = new CommandLine(new BundleTool(out, err))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .setExecutionExceptionHandler((failure, command, parsed) -> {
                    if (failure instanceof HoldfastException known) {
                        err.println(known.getMessage());
                        return known.disposition() == Disposition.RETRYABLE
                                ? ExitCode.UNAVAILABLE
                                : ExitCode.BAD_CONFIGURATION;
                    }
                    failure.printStackTrace(err);
                    return ExitCode.INTERNAL;
                });
        if (args.isEmpty()) {
            commands.usage(err);
            return CommandLine.ExitCode.USAGE;
        }
        return commands.execute(args.toArray(new String[0]));
    }

    /** What all commands have. */
    static final class Common {

        @Parameters(
                arity = "0..1",
                paramLabel = "FILE",
                defaultValue = "bundle.yaml",
                description = "The bundle file; default ${DEFAULT-VALUE}.")
        private Path file;

        @Option(
                names = "--cache",
                paramLabel = "DIR",
                description = "Where jars and layers are kept between runs; default ~/.cache/holdfast.")
        private Path cache;

        @Option(
                names = "--hadoop-conf",
                paramLabel = "DIR",
                description =
                        "Directory of core-site.xml and hdfs-site.xml, for jars of hdfs:; default $HADOOP_CONF_DIR.")
        private Path hadoopConf;

        @Option(
                names = "--principal",
                paramLabel = "NAME",
                description = "Kerberos principal for hdfs:, with --keytab.")
        private String principal;

        @Option(
                names = "--keytab",
                paramLabel = "FILE",
                description = "Its keys; without them, the ticket cache is used.")
        private Path keytab;

        Path cache() {
            return cache != null ? cache : Path.of(System.getProperty("user.home"), ".cache", "holdfast");
        }

        private JarSources sources() {
            if ((principal == null) != (keytab == null)) {
                throw new HoldfastException(
                        Disposition.FATAL, "--principal and --keytab belong together", "Give both, or neither");
            }
            Optional<Path> directory = Optional.ofNullable(hadoopConf)
                    .or(() -> Optional.ofNullable(System.getenv("HADOOP_CONF_DIR"))
                            .map(Path::of));
            directory.filter(path -> !Files.isDirectory(path)).ifPresent(path -> {
                throw new HoldfastException(
                        Disposition.FATAL,
                        "There is no directory " + path,
                        "Correct --hadoop-conf, or HADOOP_CONF_DIR");
            });
            return new JarSources(
                    HttpSettings.USUAL,
                    new HdfsSettings(
                            directory,
                            Optional.ofNullable(principal).map(name -> new HdfsSettings.Login(name, keytab))));
        }
    }

    /** What is done with a store. */
    private interface Work<T> {
        T with(JarStore store);
    }

    private <T> T withStore(Common common, int jars, Work<T> work) {
        boolean terminal = Boolean.getBoolean(TERMINAL);
        try (JarSources sources = common.sources();
                Progress progress = terminal ? Progress.bar(err, jars) : Progress.lines(out)) {
            return work.with(new JarStore(common.cache().resolve("jars"), sources, progress));
        }
    }

    private Map<String, Path> files(Common common, BundleFile file, BundleLock lock) {
        Map<String, Path> files = new LinkedHashMap<>();
        withStore(common, file.jars().size(), store -> store.get(file.jars(), lock))
                .forEach((jar, path) -> files.put(jar.place().path() + "/" + jar.name(), path));
        return files;
    }

    // ------------------------------------------------------------------ lock

    @Command(
            name = "lock",
            description = "Fetches what is declared and not locked yet, and writes digests beside the bundle file.",
            mixinStandardHelpOptions = true)
    int lock(
            @Mixin Common common,
            @Option(names = "--update", description = "Fetch what is locked too, and lock it as it is now.")
                    boolean update) {
        BundleFile file = BundleFile.read(common.file);
        Optional<BundleLock> before = before(file, update);
        Map<DeclaredJar, Found> found = new LinkedHashMap<>();
        if (!update) {
            for (DeclaredJar jar : file.jars()) {
                before.flatMap(lock -> lock.of(jar))
                        .filter(known -> jar.sha256().orElse(known.sha256()).equals(known.sha256()))
                        .ifPresent(known -> found.put(jar, known));
            }
        }
        List<DeclaredJar> missing =
                file.jars().stream().filter(jar -> !found.containsKey(jar)).toList();
        found.putAll(withStore(common, missing.size(), store -> store.find(missing)));
        BundleLock lock = BundleLock.of(found);
        Bundle bundle = lock.bundle(file);
        lock.write(file);
        for (DeclaredJar jar : file.jars()) {
            before.flatMap(old -> old.of(jar))
                    .filter(old -> !old.equals(found.get(jar)))
                    .ifPresent(old -> out.printf(
                            "%s has changed: %s, was %s%n",
                            jar.name(), found.get(jar).sha256(), old.sha256()));
        }
        out.printf(
                "Locked %s %s: %d jars, %s, of which %d fetched. Keep %s with the bundle file.%n",
                bundle.name(),
                bundle.version(),
                bundle.jars().size(),
                Progress.size(bundle.bytes()),
                missing.size(),
                file.lockPath());
        return ExitCode.DONE;
    }

    /** An update needs no old lock: one that cannot be read is as good as none. */
    private static Optional<BundleLock> before(BundleFile file, boolean update) {
        try {
            return BundleLock.readIfPresent(file);
        } catch (HoldfastException e) {
            if (update) {
                return Optional.empty();
            }
            throw e;
        }
    }

    // ------------------------------------------------------------------ build

    @Command(
            name = "build",
            description = {
                "Makes the image of a locked bundle: one layer per jar, the same digest from the same jars.",
                "Without a program in it, it is to be mounted as an image volume. To use it as an init container, put it"
                        + " upon the image of holdfast's init program with --base."
            },
            mixinStandardHelpOptions = true)
    int build(
            @Mixin Common common,
            @Option(
                            names = "--to",
                            required = true,
                            paramLabel = "TARGET",
                            description = "REGISTRY/NAME:TAG, tar:FILE (for docker load), or oci:DIRECTORY.")
                    String to,
            @Option(
                            names = "--base",
                            paramLabel = "IMAGE",
                            defaultValue = "scratch",
                            description = "What it is put upon: scratch, an image, or tar:FILE (of docker save);"
                                    + " default ${DEFAULT-VALUE}.")
                    String base,
            @Option(
                            names = "--platform",
                            split = ",",
                            paramLabel = "OS/ARCH",
                            defaultValue = "linux/amd64",
                            description = "Of the base; several for an image index; default ${DEFAULT-VALUE}.")
                    List<String> platforms,
            @Option(names = "--insecure-registry", description = "The registry may be without TLS.") boolean insecure) {
        BundleFile file = BundleFile.read(common.file);
        BundleLock lock = BundleLock.read(file);
        Bundle bundle = lock.bundle(file);
        ImageTarget target = ImageTarget.parse(to);
        BundleImage.Settings settings = new BundleImage.Settings(
                new Base(base), platforms(platforms), insecure, common.cache().resolve("image"));
        BundleImage.Built built = new BundleImage(bundle, files(common, file, lock), settings, err::println).to(target);
        out.printf(
                "Built %s %s: %d jars, %s%n%s%n",
                bundle.name(), bundle.version(), bundle.jars().size(), Progress.size(bundle.bytes()), built.digest());
        return ExitCode.DONE;
    }

    private static Set<Platform> platforms(List<String> texts) {
        Set<Platform> platforms = new LinkedHashSet<>();
        for (String text : texts) {
            String[] parts = text.split("/", -1);
            if (parts.length != 2 || parts[0].isBlank() || parts[1].isBlank()) {
                throw new HoldfastException(
                        Disposition.FATAL,
                        "'%s' is no platform".formatted(text),
                        "Give OS/ARCH with --platform, such as linux/arm64");
            }
            platforms.add(new Platform(parts[1], parts[0]));
        }
        return platforms;
    }

    // ------------------------------------------------------------------ check

    @Command(
            name = "check",
            description = {
                "Finds one class in two jars, and jars that were built for another Flink or a newer Java.",
                "An error ends it with exit code 78, a warning does not."
            },
            mixinStandardHelpOptions = true)
    int check(
            @Mixin Common common,
            @Option(
                            names = "--flink",
                            paramLabel = "DIR",
                            description = "A Flink installation: its lib directory is looked at too.")
                    Path flink,
            @Option(
                            names = "--user-jar",
                            paramLabel = "FILE",
                            description = "A job's jar, which will run with the bundle. May be given several times.")
                    List<Path> userJars)
            throws IOException {
        BundleFile file = BundleFile.read(common.file);
        BundleLock lock = BundleLock.read(file);
        Bundle bundle = lock.bundle(file);
        List<Path> users = userJars == null ? List.of() : userJars;
        for (Path jar : users) {
            if (!Files.isRegularFile(jar)) {
                throw new HoldfastException(Disposition.FATAL, "There is no file " + jar, "Correct --user-jar");
            }
        }
        Findings findings = new BundleCheck(
                        bundle, files(common, file, lock), flink == null ? List.of() : flinkLib(flink), users)
                .run();
        findings.warnings().forEach(line -> out.println("warning: " + line));
        findings.errors().forEach(line -> out.println("error: " + line));
        if (flink == null) {
            out.println("Not looked at: Flink's own jars. Give --flink DIR to do so.");
        }
        out.printf(
                "Checked %d jars: %d errors, %d warnings%n",
                bundle.jars().size(),
                findings.errors().size(),
                findings.warnings().size());
        return findings.errors().isEmpty() ? ExitCode.DONE : ExitCode.BAD_CONFIGURATION;
    }

    // ------------------------------------------------------------------ schema

    @Command(
            name = "schema",
            description = "Prints the JSON schema of a bundle file, for editors.",
            mixinStandardHelpOptions = true)
    int schema() throws IOException {
        try (InputStream schema = BundleTool.class.getResourceAsStream(SCHEMA)) {
            schema.transferTo(out);
        }
        return ExitCode.DONE;
    }

    private static List<Path> flinkLib(Path flink) throws IOException {
        Path lib = flink.resolve("lib");
        if (!Files.isDirectory(lib)) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "%s is no Flink installation: it has no directory lib".formatted(flink),
                    "Give the directory that holds bin, conf and lib with --flink");
        }
        try (Stream<Path> files = Files.list(lib)) {
            return files.filter(path -> path.toString().endsWith(".jar"))
                    .sorted()
                    .toList();
        }
    }
}
