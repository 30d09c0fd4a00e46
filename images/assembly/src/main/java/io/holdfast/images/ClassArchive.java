package io.holdfast.images;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Makes an archive of the classes that a program loads, from which Java starts it in half the time (application class-data
 * sharing, JEP 310). The program is run once to see which they are; the same run-time environment and files give the same
 * archive, since it is made of sorted names of classes and lambdas alone.
 *
 * <p>Java takes it only with the run-time environment that made it, and with files of the same sizes and times, wherever
 * they are. If anything differs it starts without.
 */
final class ClassArchive {

    static final String FILE = "app.jsa";

    // Relative to the work directory, which is the working directory of Java: an archive holds the paths it was given.
    private static final String APP = "app";
    private static final String PROGRAM = APP + "/" + AppImage.MAIN_JAR;
    private static final String LOADED = "loaded.txt";
    private static final String NAMES = "names.txt";

    /** What all files of a layer have; Java compares it. */
    private static final FileTime IN_IMAGE = FileTime.from(Instant.ofEpochSecond(1));

    private final Path java;
    private final List<String> arguments;

    /**
     * @param java the program of the run-time environment that the image has
     * @param arguments of Java, as in the image
     */
    ClassArchive(Path java, List<String> arguments) {
        this.java = java;
        this.arguments = arguments;
    }

    /**
     * Makes the archive of the program in {@code app}, in {@code work}, which is emptied first.
     *
     * @param environment with which the program ends soon, with exit code 0
     */
    Path make(Path app, Map<String, String> environment, Path work) throws IOException, InterruptedException {
        delete(work);
        copy(app, work.resolve(APP));
        run(work, environment, List.of("-Xshare:auto", "-XX:DumpLoadedClassList=" + LOADED, "-jar", PROGRAM));
        try (Stream<String> lines = Files.lines(work.resolve(LOADED))) {
            Files.write(
                    work.resolve(NAMES),
                    lines.filter(line ->
                                    !line.startsWith("#") && !line.startsWith("@cp ")) // constants: others each time
                            .map(line -> line.startsWith("@") ? line : line.split(" ")[0]) // without numbers of the run
                            .distinct()
                            .sorted()
                            .toList());
        }
        run(
                work,
                Map.of(),
                List.of(
                        "-Xshare:dump",
                        "-Xlog:disable",
                        "-XX:SharedClassListFile=" + NAMES,
                        "-XX:SharedArchiveFile=" + FILE,
                        "-jar",
                        PROGRAM));
        return work.resolve(FILE);
    }

    private void run(Path work, Map<String, String> environment, List<String> more)
            throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(arguments);
        line.addAll(more);
        Jdk.run(java, work, environment, line.toArray(new String[0]));
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target);
                    Files.setLastModifiedTime(target, IN_IMAGE);
                }
            }
        }
    }

    private static void delete(Path directory) throws IOException {
        if (Files.exists(directory)) {
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
