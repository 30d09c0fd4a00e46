package io.holdfast.testing.job;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
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
        close(name, Long.MIN_VALUE);
    }

    /** Who passes from now on with {@code from} or a higher number waits, and nobody else. */
    public void close(String name, long from) throws IOException {
        Path complete = Files.writeString(directory.resolve("." + GATE + name), Long.toString(from));
        Files.move(complete, directory.resolve(GATE + name), StandardCopyOption.ATOMIC_MOVE);
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

    /** As below, whatever number it is closed from. */
    public void pass(String name) throws IOException {
        pass(name, Long.MAX_VALUE);
    }

    /** Returns at once, or, if the gate is closed, when it is opened. Throws if its thread is interrupted meanwhile. */
    public void pass(String name, long number) throws IOException {
        Path gate = directory.resolve(GATE + name);
        if (isOpen(gate, number)) {
            return;
        }
        Path here =
                directory.resolve(WAITING + name + "-" + ProcessHandle.current().pid());
        Files.writeString(here, "");
        try {
            while (!isOpen(gate, number)) {
                TimeUnit.MILLISECONDS.sleep(5);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("Interrupted at the closed gate " + name);
        } finally {
            Files.deleteIfExists(here);
        }
    }

    private static boolean isOpen(Path gate, long number) throws IOException {
        if (!Files.exists(gate)) {
            return true;
        }
        try {
            return number < Long.parseLong(Files.readString(gate));
        } catch (NoSuchFileException e) {
            return true;
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
