package io.holdfast.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.openjdk.jcstress.Main;
import org.openjdk.jcstress.infra.runners.TestList;

/**
 * Has jcstress run every race of this module, each in JVMs of its own. What it says is in {@code target/jcstress}: all
 * in {@code log.txt}, and a page for each race. It needs two processors. {@code -Djcstress.mode=default} runs them for
 * longer and under every combination of compilers, {@code tough} and {@code stress} for hours.
 */
class RacesTest {

    private static final Path RESULTS = Path.of("target", "jcstress").toAbsolutePath();
    private static final String PAGE = ".html";
    private static final String QUICK = "quick";

    /** A second for each race, with instructions as much out of order as the compiler may put them. */
    private static final List<String> QUICK_OPTIONS =
            List.of("-c 2 -af NONE -sc false -pth false -iters 3 -time 150 -jvmArgs".split(" "));

    private static final String QUICK_JVM =
            "-XX:+UseSerialGC -XX:+UnlockDiagnosticVMOptions -XX:+StressLCM -XX:+StressGCM -XX:+StressIGVN"
                    + " -XX:+StressCCP";

    private static final long QUICK_MINUTES = 10;

    @Test
    void everyRaceEndsAsItMay() throws Exception {
        String mode = System.getProperty("jcstress.mode", QUICK);
        emptyResults();

        int exit = run(mode);

        assertThat(exit)
                .as("exit code of jcstress, which says:%n%s", lastWords())
                .isZero();
        assertThat(races()).as("races with a result").isNotEmpty().isEqualTo(new TreeSet<>(TestList.tests()));
    }

    private static void emptyResults() throws IOException {
        Files.createDirectories(RESULTS);
        try (Stream<Path> old = Files.list(RESULTS)) {
            for (Path file : old.toList()) {
                Files.delete(file);
            }
        }
    }

    private static int run(String mode) throws IOException, InterruptedException {
        boolean quick = mode.equals(QUICK);
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of("-r", RESULTS.toString(), "-m", mode));
        if (quick) {
            command.addAll(QUICK_OPTIONS);
            command.add(QUICK_JVM);
        }
        Process jcstress = new ProcessBuilder(command)
                .directory(RESULTS.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log().toFile())
                .start();
        try {
            boolean ended = jcstress.waitFor(quick ? QUICK_MINUTES : TimeUnit.DAYS.toMinutes(30), TimeUnit.MINUTES);
            assertThat(ended)
                    .as("ended within %d minutes, see %s", QUICK_MINUTES, log())
                    .isTrue();
            return jcstress.exitValue();
        } finally {
            jcstress.descendants().forEach(ProcessHandle::destroyForcibly);
            jcstress.destroyForcibly();
        }
    }

    private static Path log() {
        return RESULTS.resolve("log.txt");
    }

    /** What jcstress says of races that failed; how far it came if it did not come to that. */
    private static String lastWords() throws IOException {
        List<String> lines = Files.readAllLines(log());
        int results = lines.indexOf("RUN RESULTS:");
        return lines.stream()
                .skip(results >= 0 ? results : Math.max(0, lines.size() - 30))
                .limit(100)
                .collect(Collectors.joining("\n"));
    }

    private static TreeSet<String> races() throws IOException {
        try (Stream<Path> files = Files.list(RESULTS)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(PAGE) && !name.equals("index" + PAGE))
                    .map(name -> name.substring(0, name.length() - PAGE.length()))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }
}
