package io.holdfast.images;

import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.buildplan.Platform;
import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Makes a base image without a registry: a Java run-time environment, the C library of this machine, a user, and nothing
 * else; there is no shell in it. The same JDK, C library and certificates of authorities give the same digest.
 *
 * <p>Arguments: {@code --jdk=DIRECTORY|auto --work=DIRECTORY --output=FILE}. Leaves the Java that is in the image beside it,
 * in {@value #JRE}. Does nothing if the file is there, and was
 * made by this program of the same JDK and libraries.
 */
public final class JreImage {

    static final String NAME = "localhost/holdfast-jre";
    static final String JAVA_HOME = "/opt/java";
    /** Directory beside the image: the Java that is in it. */
    static final String JRE = "jre";

    /** The C library, and what Java and the native libraries that Flink brings are linked with. */
    private static final List<String> LIBRARIES = List.of(
            "libc.so.6",
            "libdl.so.2",
            "libgcc_s.so.1",
            "libm.so.6",
            "libnss_dns.so.2",
            "libnss_files.so.2",
            "libpthread.so.0",
            "libresolv.so.2",
            "librt.so.1",
            "libstdc++.so.6",
            "libz.so.1");

    private static final Pattern LIBC = Pattern.compile("=> (/\\S+/libc\\.so\\.6) ");
    private static final Pattern LOADER = Pattern.compile("^\\s*(/\\S+/ld-linux\\S*\\.so\\S*) ", Pattern.MULTILINE);
    private static final Path DEBIAN_CERTIFICATES = Path.of("/etc/ssl/certs/java/cacerts");
    private static final Path SYSTEM_CERTIFICATES = Path.of("/etc/ssl/certs/ca-certificates.crt");

    private JreImage() {}

    /** See above. */
    public static void main(String[] line) {
        Program.run(() -> {
            Arguments arguments = Arguments.parse(line, List.of("--jdk", "--work", "--output"), List.of());
            make(Jdk.of(arguments.text("--jdk")), arguments.path("--work"), arguments.path("--output"));
        });
    }

    /** Returns the digest. */
    static String make(Jdk jdk, Path work, Path output) throws IOException, InterruptedException {
        if (!System.getProperty("os.name").equals("Linux")) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "An image cannot be made of the Java of " + System.getProperty("os.name"),
                    "Give a base with -Dholdfast.image.base=IMAGE, or build on Linux");
        }
        List<Path> libraries = libraries(jdk);
        String inputs = inputs(jdk, libraries);
        Path noted = output.resolveSibling(output.getFileName() + ".inputs");
        Path digest = output.resolveSibling(output.getFileName() + ".digest");
        if (Files.exists(output)
                && Files.exists(digest)
                && Files.exists(noted)
                && Files.exists(output.resolveSibling(JRE))) {
            if (Files.readString(noted).equals(inputs)) {
                System.out.printf("Base image is up to date: file=%s jdk=%s%n", output, jdk.home());
                return Files.readString(digest).strip();
            }
            Files.delete(noted);
        }
        delete(work.resolve("files"));
        Path files = Files.createDirectories(work.resolve("files"));
        Path java = output.resolveSibling(JRE);
        delete(java);
        jdk.link(java);
        trustAuthorities(java);

        String made = new ImageArchive(output, NAME, work.resolve("cache"))
                .write(Jib.fromScratch()
                        .setPlatforms(Set.of(new Platform(architecture(), "linux")))
                        .setFileEntriesLayers(List.of(
                                system(files, libraries).entries(),
                                new Layer("java").add(java, JAVA_HOME).entries()))
                        .setEnvironment(Map.of(
                                "PATH", JAVA_HOME + "/bin:/usr/bin:/bin", "JAVA_HOME", JAVA_HOME, "LANG", "C.UTF-8"))
                        .setUser("9999:9999")
                        .setCreationTime(Instant.EPOCH));
        Files.writeString(noted, inputs);
        delete(work.resolve("files"));
        System.out.printf("Base image made: file=%s jdk=%s digest=%s%n", output, jdk.home(), made);
        return made;
    }

    /** The Java that is in {@code base}, if that was made here; archives of another's classes are of no use in it. */
    static Optional<Jdk> javaOf(String base) {
        String local = "tar://";
        if (!base.startsWith(local)) {
            return Optional.empty();
        }
        Path image = Path.of(base.substring(local.length())).toAbsolutePath();
        Path java = image.resolveSibling(JRE);
        boolean ours = Files.exists(image.resolveSibling(image.getFileName() + ".inputs"))
                && Files.exists(java.resolve("release"));
        return ours ? Optional.of(new Jdk(java)) : Optional.empty();
    }

    private static Layer system(Path files, List<Path> libraries) throws IOException {
        Path etc = Files.createDirectories(files.resolve("etc"));
        Files.writeString(etc.resolve("passwd"), """
                root:x:0:0:root:/root:/sbin/nologin
                nobody:x:65534:65534:nobody:/:/sbin/nologin
                flink:x:9999:9999:flink:/tmp:/sbin/nologin
                """);
        Files.writeString(etc.resolve("group"), "root:x:0:\nnogroup:x:65534:\nflink:x:9999:\n");
        Files.writeString(etc.resolve("nsswitch.conf"), "passwd: files\ngroup: files\nhosts: files dns\n");
        Layer layer =
                new Layer("system").add(etc, "/etc").addWritable(Files.createDirectories(files.resolve("tmp")), "/tmp");
        if (Files.exists(SYSTEM_CERTIFICATES)) {
            layer.add(SYSTEM_CERTIFICATES.toRealPath(), SYSTEM_CERTIFICATES.toString());
        }
        for (Path library : libraries) {
            layer.add(library.toRealPath(), library.toString());
        }
        return layer;
    }

    /** Debian's JDK has its certificates elsewhere, and a link to them that leads nowhere in an image. */
    private static void trustAuthorities(Path java) throws IOException {
        Path certificates = java.resolve("lib/security/cacerts");
        if (!Files.exists(certificates) && Files.exists(DEBIAN_CERTIFICATES)) {
            Files.createDirectories(certificates.getParent());
            Files.deleteIfExists(certificates); // a link to nowhere
            Files.copy(DEBIAN_CERTIFICATES, certificates, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static List<Path> libraries(Jdk jdk) throws IOException, InterruptedException {
        String linked = Jdk.run(Path.of("ldd"), jdk.home().resolve("bin/java").toString());
        Path libc = found(LIBC, linked);
        List<Path> libraries = new ArrayList<>(List.of(found(LOADER, linked)));
        for (String name : LIBRARIES) {
            Path library = libc.resolveSibling(name);
            if (Files.exists(library)) {
                libraries.add(library);
            }
        }
        return libraries;
    }

    private static Path found(Pattern pattern, String linked) {
        Matcher matcher = pattern.matcher(linked);
        if (!matcher.find()) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "Java is not linked with the GNU C library here: " + linked.strip(),
                    "Give a base with -Dholdfast.image.base=IMAGE");
        }
        return Path.of(matcher.group(1));
    }

    /** What the image is made of, this program included, in a form that can be compared. */
    private static String inputs(Jdk jdk, List<Path> libraries) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(jdk.release().getBytes(StandardCharsets.UTF_8));
            digest.update(Files.readAllBytes(jdk.home().resolve("lib/modules")));
            List<Path> files = new ArrayList<>(libraries);
            files.addAll(List.of(SYSTEM_CERTIFICATES, DEBIAN_CERTIFICATES));
            for (Path file : files) {
                digest.update(file.toString().getBytes(StandardCharsets.UTF_8));
                if (Files.exists(file)) {
                    digest.update(Files.readAllBytes(file));
                }
            }
            for (Class<?> type : List.of(JreImage.class, Jdk.class, Layer.class, ImageArchive.class)) {
                try (var in = type.getResourceAsStream(type.getSimpleName() + ".class")) {
                    digest.update(in.readAllBytes());
                }
            }
            return HexFormat.of().formatHex(digest.digest()) + "\n";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static String architecture() {
        String name = System.getProperty("os.arch");
        return name.equals("aarch64") ? "arm64" : name;
    }

    private static void delete(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
