package io.holdfast.benchmarks.job;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** All files that the sinks of a run wrote. */
public final class ArrivalFiles {

    private static final Pattern ATTEMPT = Pattern.compile("sink-(\\d+)-(\\d+)\\.arrivals");
    private static final Pattern RECEIVED = Pattern.compile("sink-(\\d+)-(\\d+)\\.received");
    private static final Pattern COMMITTED = Pattern.compile("sink-(\\d+)-(\\d+)-(\\d+)\\.committed");

    private ArrivalFiles() {}

    /**
     * The output of a run, in the order in which each sink subtask received it.
     *
     * @param counted what is in the job's state, or committed: records that a sink's checkpoints know of
     * @param uncounted what lost attempts of a sink wrote or received besides, after the checkpoint that their
     *     successors began with
     */
    public record Output(List<Arrival> counted, List<Arrival> uncounted) {}

    static Path file(RunDirectory run, int subtask, int attempt) {
        return run.arrivals().resolve("sink-%d-%d.arrivals".formatted(subtask, attempt));
    }

    static Path receivedFile(RunDirectory run, int subtask, int attempt) {
        return run.arrivals().resolve("sink-%d-%d.received".formatted(subtask, attempt));
    }

    static String committedName(int subtask, int attempt, int number) {
        return "sink-%d-%d-%06d.committed".formatted(subtask, attempt, number);
    }

    static Path countFile(RunDirectory run, int subtask, int attempt) {
        return run.arrivals().resolve("sink-%d-%d.count".formatted(subtask, attempt));
    }

    /** Reads what {@link JobSettings.SinkKind#FILE} or {@link JobSettings.SinkKind#COMMITTING} wrote. */
    public static Output read(RunDirectory run) throws IOException {
        Output output = new Output(new ArrayList<>(), new ArrayList<>());
        Map<Integer, TreeMap<Integer, ArrivalFile.Content>> bySubtask = new TreeMap<>();
        List<Arrival> received = new ArrayList<>();
        for (Path path : list(run)) {
            String name = path.getFileName().toString();
            Matcher attempt = ATTEMPT.matcher(name);
            Matcher begun = RECEIVED.matcher(name);
            Matcher committed = COMMITTED.matcher(name);
            if (attempt.matches()) {
                int subtask = Integer.parseInt(attempt.group(1));
                int number = Integer.parseInt(attempt.group(2));
                bySubtask
                        .computeIfAbsent(subtask, ignored -> new TreeMap<>())
                        .put(number, ArrivalFile.read(path, subtask, number));
            } else if (begun.matches()) {
                received.addAll(
                        ArrivalFile.read(path, Integer.parseInt(begun.group(1)), Integer.parseInt(begun.group(2)))
                                .arrivals());
            } else if (committed.matches()) {
                ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path));
                while (bytes.remaining() >= Arrival.BYTES) {
                    output.counted.add(Arrival.read(
                            bytes, Integer.parseInt(committed.group(1)), Integer.parseInt(committed.group(2))));
                }
            }
        }
        bySubtask.values().forEach(attempts -> split(attempts, output));
        Set<Arrival> committed = new HashSet<>(output.counted);
        received.stream().filter(arrival -> !committed.contains(arrival)).forEach(output.uncounted::add);
        return output;
    }

    /** Walks back from the newest attempt along the states that each began with. */
    static void split(TreeMap<Integer, ArrivalFile.Content> attempts, Output output) {
        List<List<Arrival>> counted = new ArrayList<>();
        long known = Long.MAX_VALUE;
        int next = attempts.lastKey();
        for (int number : attempts.descendingKeySet()) {
            ArrivalFile.Content content = attempts.get(number);
            List<Arrival> arrivals = content.arrivals();
            int upTo = number == next ? (int) Math.min(known, arrivals.size()) : 0;
            counted.add(0, arrivals.subList(0, upTo));
            output.uncounted.addAll(arrivals.subList(upTo, arrivals.size()));
            if (number == next) {
                next = content.restored().attempt();
                known = content.restored().count();
            }
        }
        counted.forEach(output.counted::addAll);
    }

    /** How many records the sinks of {@link ThroughputJob} have counted by now. */
    public static long counted(RunDirectory run) throws IOException {
        long sum = 0;
        for (Path path : list(run)) {
            if (path.toString().endsWith(".count")) {
                byte[] bytes = Files.readAllBytes(path);
                sum += bytes.length < Long.BYTES ? 0 : ByteBuffer.wrap(bytes).getLong();
            }
        }
        return sum;
    }

    private static List<Path> list(RunDirectory run) throws IOException {
        try (Stream<Path> files = Files.list(run.arrivals())) {
            return files.sorted(Comparator.comparing(Path::toString)).toList();
        }
    }
}
