package io.holdfast.base;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The environment variables of all Holdfast processes, by process. Their one home is {@code variables.txt} beside this
 * class: containers may share one block of variables, so each process has to know those of all others.
 */
public final class Variables {
    private static final String FILE = "variables.txt";
    private static final Variables ALL = read();

    private final Map<String, SortedSet<String>> byProcess;

    private Variables(Map<String, SortedSet<String>> byProcess) {
        this.byProcess = byProcess;
    }

    /** Those of this version of Holdfast. */
    public static Variables all() {
        return ALL;
    }

    /** Names of the processes, in the order of the file. */
    public List<String> processes() {
        return List.copyOf(byProcess.keySet());
    }

    /**
     * Names of the variables that {@code process} reads.
     *
     * @throws IllegalArgumentException if there is no such process
     */
    public SortedSet<String> of(String process) {
        SortedSet<String> names = byProcess.get(process);
        if (names == null) {
            throw new IllegalArgumentException(FILE + " has no section [" + process + "]");
        }
        return names;
    }

    /** Names of the variables that any process reads. */
    public SortedSet<String> names() {
        SortedSet<String> names = new TreeSet<>();
        byProcess.values().forEach(names::addAll);
        return Collections.unmodifiableSortedSet(names);
    }

    /** @throws IllegalArgumentException if a line is none, or is there twice */
    static Variables parse(String text) {
        Map<String, SortedSet<String>> byProcess = new LinkedHashMap<>();
        SortedSet<String> section = null;
        for (String line : text.lines().map(String::strip).toList()) {
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            boolean added;
            if (line.matches("\\[[a-z0-9]+(-[a-z0-9]+)*]")) {
                section = new TreeSet<>();
                added = byProcess.putIfAbsent(line.substring(1, line.length() - 1), section) == null;
            } else if (section != null && line.matches("HOLDFAST(_[A-Z0-9]+)+")) {
                added = section.add(line);
            } else {
                throw new IllegalArgumentException("neither a section nor a variable in one: " + line);
            }
            if (!added) {
                throw new IllegalArgumentException("there twice: " + line);
            }
        }
        byProcess.replaceAll((process, names) -> Collections.unmodifiableSortedSet(names));
        return new Variables(byProcess);
    }

    private static Variables read() {
        try (InputStream file = Variables.class.getResourceAsStream(FILE)) {
            if (file == null) {
                throw new IllegalStateException(FILE + " is not in the jar of " + Variables.class.getName());
            }
            return parse(new String(file.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(FILE + " cannot be read", e);
        }
    }
}
