package io.holdfast.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Java versions that are on this machine besides the one that runs the test. */
public final class InstalledJava {

    private static final Pattern VERSION = Pattern.compile("^JAVA_VERSION=\"(?:1\\.)?(\\d+)", Pattern.MULTILINE);
    private static final Path DEBIAN = Path.of("/usr/lib/jvm");

    private InstalledJava() {}

    /**
     * Home of a Java of that feature release: the one that runs, else one that the variable {@code JAVA_HOME_<release>}
     * names, else one in {@code /usr/lib/jvm}.
     */
    public static Optional<Path> home(int release) {
        List<Path> candidates = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"))));
        Optional.ofNullable(System.getenv("JAVA_HOME_" + release)).map(Path::of).ifPresent(candidates::add);
        candidates.addAll(installed(DEBIAN));
        return candidates.stream().filter(home -> release(home) == release).findFirst();
    }

    static List<Path> installed(Path directory) {
        List<Path> homes = new ArrayList<>();
        if (Files.isDirectory(directory)) {
            try (DirectoryStream<Path> found = Files.newDirectoryStream(directory)) {
                found.forEach(homes::add);
            } catch (IOException e) {
                throw new UncheckedIOException("Not listed: " + directory, e);
            }
        }
        homes.sort(null);
        return homes;
    }

    /** Feature release of the Java in {@code home}, by what it says of itself; 0 if there is none that can be run. */
    public static int release(Path home) {
        Path release = home.resolve("release");
        if (!Files.isExecutable(home.resolve("bin/java")) || !Files.isReadable(release)) {
            return 0;
        }
        try {
            Matcher version = VERSION.matcher(Files.readString(release));
            return version.find() ? Integer.parseInt(version.group(1)) : 0;
        } catch (IOException e) {
            throw new UncheckedIOException("Not readable: " + release, e);
        }
    }
}
