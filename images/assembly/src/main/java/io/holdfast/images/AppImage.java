package io.holdfast.images;

import com.google.cloud.tools.jib.api.InvalidImageReferenceException;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.JibContainerBuilder;
import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Makes the image of a Quarkus program: the base, a layer of its libraries, a layer of its own classes. The same files
 * give the same digest.
 *
 * <p>Arguments: {@code --base=IMAGE --app=DIRECTORY --name=NAME --version=VERSION --title=TEXT --work=DIRECTORY
 * --output=FILE --jvm-arguments=FILE}, and any number of {@code --env=NAME=VALUE}, {@code
 * --train=NAME=VALUE} and {@code --file=FILE=PATH}, which puts another file of this machine at a path of the image. Lines of the file that begin with # do not count. If the base is one of {@link JreImage}, and
 * there are variables of {@code --train}, the image gets a {@link ClassArchive}, made by a run of the program with them. The base is {@code
 * REGISTRY/NAME@sha256:DIGEST} or {@code tar://FILE}, and has a java on its PATH. The directory is what Quarkus makes:
 * {@code quarkus-run.jar} and what is beside it.
 */
public final class AppImage {

    static final String DIRECTORY = "/holdfast/app";
    static final String MAIN_JAR = "quarkus-run.jar";
    private static final String USER = "9999:9999"; // the one that Flink's images have
    private static final String LOCAL = "tar://";
    private static final String BY_DIGEST = ".+@sha256:[0-9a-f]{64}";

    private AppImage() {}

    /** See above. */
    public static void main(String[] line) {
        Program.run(() -> make(Arguments.parse(
                line,
                List.of("--base", "--app", "--name", "--version", "--title", "--work", "--output", "--jvm-arguments"),
                List.of("--env", "--train", "--file"))));
    }

    /** Returns the digest. */
    static String make(Arguments arguments) throws IOException, InterruptedException {
        Path app = arguments.path("--app");
        if (!Files.exists(app.resolve(MAIN_JAR))) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "There is no %s in %s".formatted(MAIN_JAR, app),
                    "Build the program first: ./mvnw -DskipTests package");
        }
        List<String> jvmArguments = jvmArguments(arguments.path("--jvm-arguments"));
        Optional<Path> archive = archive(arguments, app, jvmArguments);
        JibContainerBuilder image = base(arguments.text("--base"))
                .addFileEntriesLayer(layer("libraries", app, true).entries())
                .addFileEntriesLayer(layer("program", app, false).entries());
        for (Map.Entry<String, String> file :
                assignments("--file", arguments.all("--file")).entrySet()) {
            image.addFileEntriesLayer(
                    new Layer(Path.of(file.getValue()).getFileName().toString())
                            .add(Path.of(file.getKey()), file.getValue())
                            .entries());
        }
        if (archive.isPresent()) {
            image.addFileEntriesLayer(new Layer("class archive")
                    .add(archive.get(), DIRECTORY + "/" + ClassArchive.FILE)
                    .entries());
        }
        image.setUser(USER)
                .setWorkingDirectory(null)
                .setEntrypoint(entryPoint(jvmArguments, archive.isPresent()))
                .setProgramArguments(List.of())
                .setLabels(Map.of(
                        "org.opencontainers.image.title",
                        arguments.text("--title"),
                        "org.opencontainers.image.version",
                        arguments.text("--version"),
                        "org.opencontainers.image.vendor",
                        "Holdfast",
                        "org.opencontainers.image.licenses",
                        "Apache-2.0"))
                .setCreationTime(Instant.EPOCH);
        assignments("--env", arguments.all("--env")).forEach(image::addEnvironmentVariable);
        String digest = new ImageArchive(
                        arguments.path("--output"),
                        arguments.text("--name") + ":" + arguments.text("--version"),
                        arguments.path("--work").resolve("cache"))
                .write(image);
        System.out.printf("Image made: file=%s digest=%s%n", arguments.path("--output"), digest);
        return digest;
    }

    private static JibContainerBuilder base(String base) throws IOException {
        if (base.startsWith(LOCAL)) {
            Path archive = Path.of(base.substring(LOCAL.length()));
            if (!Files.isReadable(archive)) {
                throw new HoldfastException(
                        Disposition.FATAL,
                        "There is no base image in " + archive,
                        "Make one with './mvnw -pl images/base -am package', or set holdfast.image.base to another");
            }
        } else if (!base.matches(BY_DIGEST)) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "The base image '%s' is not pinned, so the image would be another one tomorrow".formatted(base),
                    "Set holdfast.image.base to NAME@sha256:DIGEST; 'skopeo inspect docker://NAME:TAG' tells the digest");
        }
        try {
            return Jib.from(base);
        } catch (InvalidImageReferenceException e) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "'%s' is no reference of an image".formatted(base),
                    "Set holdfast.image.base to NAME@sha256:DIGEST or tar:///path/of/base.tar",
                    e);
        }
    }

    private static Layer layer(String name, Path app, boolean libraries) throws IOException {
        Layer layer = new Layer(name);
        try (Stream<Path> files = Files.list(app)) {
            for (Path file : files.sorted().toList()) {
                String fileName = file.getFileName().toString();
                if (fileName.equals("lib") == libraries) {
                    layer.add(file, DIRECTORY + "/" + fileName);
                }
            }
        }
        return layer;
    }

    private static List<String> jvmArguments(Path file) throws IOException {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .toList();
        }
    }

    private static Optional<Path> archive(Arguments arguments, Path app, List<String> jvmArguments)
            throws IOException, InterruptedException {
        if (arguments.all("--train").isEmpty()) {
            System.out.println("No class archive: none is wanted");
            return Optional.empty();
        }
        Optional<Jdk> java = JreImage.javaOf(arguments.text("--base"));
        if (java.isEmpty()) {
            System.out.printf("No class archive: the Java of %s is not at hand%n", arguments.text("--base"));
            return Optional.empty();
        }
        Jdk jre = java.get();
        if (jre.feature() < Jdk.FIRST_WITH_REPRODUCIBLE_ARCHIVE) {
            System.out.printf("No class archive: that of Java %d would be another each time%n", jre.feature());
            return Optional.empty();
        }
        return Optional.of(new ClassArchive(jre.home().resolve("bin/java"), jvmArguments)
                .make(
                        app,
                        assignments("--train", arguments.all("--train")),
                        arguments.path("--work").resolve("archive")));
    }

    private static List<String> entryPoint(List<String> jvmArguments, boolean archive) {
        List<String> entryPoint = new ArrayList<>(List.of("java"));
        entryPoint.addAll(jvmArguments);
        if (archive) {
            entryPoint.add("-XX:SharedArchiveFile=" + DIRECTORY + "/" + ClassArchive.FILE);
        }
        entryPoint.addAll(List.of("-jar", DIRECTORY + "/" + MAIN_JAR));
        return entryPoint;
    }

    private static Map<String, String> assignments(String argument, List<String> assignments) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String assignment : assignments) {
            int end = assignment.indexOf('=');
            if (end < 1) {
                throw new HoldfastException(
                        Disposition.FATAL,
                        "%s is no assignment: %s".formatted(argument, assignment),
                        "Give %s=NAME=VALUE".formatted(argument));
            }
            values.put(assignment.substring(0, end), assignment.substring(end + 1));
        }
        return values;
    }
}
