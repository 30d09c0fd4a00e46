package io.holdfast.benchmarks.job;

import io.holdfast.testing.job.FaultRequests;
import io.holdfast.testing.job.Gates;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.flink.metrics.MetricGroup;

/**
 * The directory through which a program and its job talk.
 *
 * <p>{@code fail-*} {@linkplain FaultRequests makes a subtask fail} once; {@code gate-*} {@linkplain Gates makes one wait};
 * {@code incarnation-*} are the JobManagers that have run the job; {@code pause} keeps the sources silent; {@code
 * sent-*} how many records of a split a source has sent that is silent now; {@code damaged-*} says that a record arrived
 * that nobody sent; {@code live-mib} is how much memory a map shall need, {@code held-*} how much it has; {@code arrivals/} is the output, {@code pending/}
 * what is not committed yet; {@code checkpoints/} is Flink's.
 */
public record RunDirectory(Path path) {

    /** Where whoever loads the map's class waits. */
    public static final String LOADING = "load-map";

    private static final String PAUSE = "pause";
    private static final String DAMAGED = "damaged-";
    private static final String SENT = "sent-";
    private static final String LIVE = "live-mib";
    private static final String HELD = "held-";
    private static final String INCARNATION = "incarnation-";
    private static final int ATTEMPTS_PER_INCARNATION = 1000;

    public void create() throws IOException {
        Files.createDirectories(arrivals());
        Files.createDirectories(pending());
    }

    public Path arrivals() {
        return path.resolve("arrivals");
    }

    Path pending() {
        return path.resolve("pending");
    }

    public Path checkpoints() {
        return path.resolve("checkpoints");
    }

    public FaultRequests failures() {
        return new FaultRequests(path);
    }

    /** Places where it can be made to wait: {@link #opening}, {@link #snapshot}, {@link #LOADING}. */
    public Gates gates() {
        return new Gates(path);
    }

    /** Where a subtask waits before it runs. */
    public static String opening(String operator, int subtask) {
        return "open-" + operator + "-" + subtask;
    }

    /** Where a subtask of the sink waits with its part of a checkpoint, by the number of that. */
    public static String snapshot(String operator, int subtask) {
        return "snapshot-" + operator + "-" + subtask;
    }

    /**
     * The number of the attempt that has these metrics, among all of its subtask. A JobManager that goes on with the job of
     * another one counts from 0 again, and the job does as if it had gone on counting.
     */
    int attempt(MetricGroup metrics) throws IOException {
        Map<String, String> variables = metrics.getAllVariables();
        return attempt(variables.get("<task_attempt_id>"), Integer.parseInt(variables.get("<task_attempt_num>")));
    }

    /** {@code id} begins with what each JobManager makes anew. */
    int attempt(String id, int number) throws IOException {
        return ATTEMPTS_PER_INCARNATION * incarnation(id.substring(0, id.indexOf('_'))) + number;
    }

    private int incarnation(String executionGraph) throws IOException {
        Path mine = Files.writeString(path.resolve("." + INCARNATION + UUID.randomUUID()), executionGraph);
        try {
            for (int number = 0; ; number++) {
                Path file = path.resolve(INCARNATION + number);
                try {
                    Files.createLink(file, mine);
                    return number;
                } catch (FileAlreadyExistsException e) {
                    if (Files.readString(file).equals(executionGraph)) {
                        return number;
                    }
                }
            }
        } finally {
            Files.delete(mine);
        }
    }

    /** Makes the sources send nothing, or go on. */
    public void pause(boolean paused) throws IOException {
        if (paused) {
            for (int split : sent().keySet()) {
                Files.delete(path.resolve(SENT + split));
            }
            Files.writeString(path.resolve(PAUSE), "");
        } else {
            Files.deleteIfExists(path.resolve(PAUSE));
        }
    }

    boolean isPaused() {
        return Files.exists(path.resolve(PAUSE));
    }

    /** A source that has fallen silent says how many records of its split it has sent. */
    void reportSent(int split, long records) throws IOException {
        replace(SENT + split, Long.toString(records));
    }

    /** Records that were sent by split, of those whose source has fallen silent. */
    public Map<Integer, Long> sent() throws IOException {
        Map<Integer, Long> sent = new TreeMap<>();
        try (DirectoryStream<Path> reports = Files.newDirectoryStream(path, SENT + "*")) {
            for (Path report : reports) {
                sent.put(
                        Integer.valueOf(report.getFileName().toString().substring(SENT.length())),
                        Long.valueOf(Files.readString(report)));
            }
        }
        return sent;
    }

    /** Makes each subtask of {@link LoadedJob}'s map hold so much on the heap, as soon as it can. */
    public void live(int mebibytes) throws IOException {
        replace(LIVE, mebibytes + " " + System.nanoTime()); // another wish than the same one before
    }

    /** What is wished; empty before the first wish. */
    String wish() throws IOException {
        Path file = path.resolve(LIVE);
        return Files.exists(file) ? Files.readString(file) : "";
    }

    static int mebibytes(String wish) {
        return wish.isEmpty() ? 0 : Integer.parseInt(wish.substring(0, wish.indexOf(' ')));
    }

    void reportHeld(int subtask, String wish) throws IOException {
        replace(HELD + subtask, wish);
    }

    /** Whether every subtask that needs memory holds as much as was wished last. */
    public boolean holdsWhatIsWished() throws IOException {
        String wish = wish();
        boolean any = false;
        try (DirectoryStream<Path> reports = Files.newDirectoryStream(path, HELD + "*")) {
            for (Path report : reports) {
                if (!Files.readString(report).equals(wish)) {
                    return false;
                }
                any = true;
            }
        }
        return any;
    }

    private void replace(String name, String content) throws IOException {
        Path complete = Files.writeString(path.resolve("." + name), content);
        Files.move(complete, path.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }

    void reportDamage(String where, String what) throws IOException {
        Files.writeString(path.resolve(DAMAGED + where), what);
    }

    /** Records that arrived damaged, where and how; the first of each place. */
    public List<String> damages() throws IOException {
        List<String> damages = new ArrayList<>();
        try (DirectoryStream<Path> reports = Files.newDirectoryStream(path, DAMAGED + "*")) {
            for (Path report : reports) {
                damages.add(report.getFileName() + ": " + Files.readString(report));
            }
        }
        Collections.sort(damages);
        return damages;
    }
}
