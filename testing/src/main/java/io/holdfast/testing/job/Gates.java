package io.holdfast.testing.job;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Places in a job where a program can have it stand still: a file {@code gate-<name>} in a directory both know. Who waits
 * says so in a file {@code waiting-<name>-<pid>}.
 *
 * <p>All methods may be called from any thread.
 */
public record Gates(Path directory) {

    private static final String GATE = "gate-";
    private static final String WAITING = "waiting-";

    /** Who passes from now on waits. */
    public void close(String name) throws IOException {
        Files.writeString(directory.resolve(GATE + name), "");
    }

    /** Who waits goes on. */
    public void open(String name) throws IOException {
        Files.deleteIfExists(directory.resolve(GATE + name));
    }

    /** As {@link #open}, all of them; who was killed while it waited is forgotten. */
    public void openAll() throws IOException {
        for (String name : names("")) {
            if (name.startsWith(GATE) || name.startsWith(WAITING)) {
                Files.deleteIfExists(directory.resolve(name));
            }
        }
    }

    /** Ids of the processes that wait there, or were killed while they did. */
    public Set<Long> waiting(String name) throws IOException {
        String prefix = WAITING + name + "-";
        return names(prefix).stream()
                .map(file -> Long.valueOf(file.substring(prefix.length())))
                .collect(Collectors.toSet());
    }

    /** Returns at once, or, if the gate is closed, when it is opened. Throws if its thread is interrupted meanwhile. */
    public void pass(String name) throws IOException {
        Path gate = directory.resolve(GATE + name);
        if (!Files.exists(gate)) {
            return;
        }
        Path here =
                directory.resolve(WAITING + name + "-" + ProcessHandle.current().pid());
        Files.writeString(here, "");
        try {
            while (Files.exists(gate)) {
                TimeUnit.MILLISECONDS.sleep(5);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("Interrupted at the closed gate " + name);
        } finally {
            Files.deleteIfExists(here);
        }
    }

    private Set<String> names(String prefix) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith(prefix))
                    .collect(Collectors.toCollection(TreeSet::new));
        } catch (IOException e) {
            throw new UncheckedIOException(directory + " is not readable", e);
        }
    }
}
