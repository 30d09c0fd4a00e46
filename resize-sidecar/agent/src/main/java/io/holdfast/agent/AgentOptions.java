package io.holdfast.agent;

import io.holdfast.agent.os.CommandLine;
import io.holdfast.base.ByteSize;
import io.holdfast.base.Spelling;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * What the agent was given after the {@code =} of {@code -javaagent:...jar=}.
 *
 * @param socket where it listens
 * @param heapBytes the first ceiling; empty for all of the heap
 * @param directBytes the first limit of direct memory; empty to leave it as it is
 * @param giveWay whether the application gets back what it needs and its cgroup allows
 */
record AgentOptions(Path socket, OptionalLong heapBytes, OptionalLong directBytes, boolean giveWay) {
    private static final List<String> KNOWN = List.of("socket", "heap", "direct", "giveway");

    /**
     * @param text {@code key=value,key=value}; may be empty
     * @param line the JVM's own arguments, for {@code flink}
     * @param defaultSocket where it listens if nothing else is said
     * @throws IllegalArgumentException if something cannot be used; the message names all of it
     */
    static AgentOptions parse(String text, CommandLine line, Path defaultSocket) {
        List<String> problems = new ArrayList<>();
        Map<String, String> values = split(text, problems);
        Path socket = defaultSocket;
        try {
            socket = Path.of(values.getOrDefault("socket", defaultSocket.toString()));
        } catch (InvalidPathException e) {
            problems.add("socket=" + values.get("socket") + " is not a path; give the path of a file");
        }
        OptionalLong heap = size(values, "heap", "max", line.firstHeap(), "-Xmx", problems);
        OptionalLong direct =
                size(values, "direct", "unchanged", line.firstDirect(), "-XX:MaxDirectMemorySize", problems);
        String giveWay = values.getOrDefault("giveway", "on");
        if (!giveWay.equals("on") && !giveWay.equals("off")) {
            problems.add("giveway=" + giveWay + " is neither on nor off");
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException("The agent's options cannot be used: " + String.join("; ", problems)
                    + ". Correct what follows the = of -javaagent.");
        }
        return new AgentOptions(socket, heap, direct, giveWay.equals("on"));
    }

    private static Map<String, String> split(String text, List<String> problems) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String pair : text.isEmpty() ? new String[0] : text.split(",", -1)) {
            int equals = pair.indexOf('=');
            String key = equals < 0 ? pair : pair.substring(0, equals);
            String value = equals < 0 ? "" : pair.substring(equals + 1);
            if (!KNOWN.contains(key)) {
                problems.add("there is no option '" + key + "'"
                        + Spelling.closest(key, KNOWN)
                                .map(known -> ", did you mean " + known + "?")
                                .orElse(", known are " + String.join(", ", KNOWN)));
            } else if (value.isBlank()) {
                problems.add(key + " has no value");
            } else if (values.put(key, value) != null) {
                problems.add(key + " is given twice");
            }
        }
        return values;
    }

    private static OptionalLong size(
            Map<String, String> values,
            String key,
            String none,
            OptionalLong flinks,
            String flinksOption,
            List<String> problems) {
        String value = values.getOrDefault(key, none);
        if (value.equals(none)) {
            return OptionalLong.empty();
        }
        if (value.equals("flink")) {
            if (flinks.isEmpty()) {
                problems.add(key + "=flink needs a " + flinksOption + " on the JVM's command line, and there is none");
            }
            return flinks;
        }
        try {
            return OptionalLong.of(ByteSize.parse(value).bytes());
        } catch (IllegalArgumentException e) {
            problems.add(key + "=" + value + ": " + e.getMessage() + ", flink or " + none);
            return OptionalLong.empty();
        }
    }
}
