package io.holdfast.quarkus;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;

/**
 * The file in which a container leaves its last words: Kubernetes shows them in the state of the pod. The kubelet makes
 * the file before the container starts, and keeps 4096 bytes of it.
 *
 * @param file where to write
 * @param asked whether {@code file} was set, and is not the default. Only then is it made where it does not exist: outside
 *     of Kubernetes nobody wants files in {@code /dev}.
 */
record TerminationMessage(Path file, boolean asked) {
    static final String DEFAULT_FILE = "/dev/termination-log";
    static final int MOST_BYTES = 4096;

    /** Reads the variable itself, for the settings may be what is wrong. */
    static TerminationMessage of(String prefix, Map<String, String> environment) {
        String file = environment.get(prefix + "_TERMINATION_MESSAGE_FILE");
        if (file == null || file.isBlank()) {
            return new TerminationMessage(Path.of(DEFAULT_FILE), false);
        }
        try {
            return new TerminationMessage(Path.of(file), true);
        } catch (InvalidPathException e) { // the guard or the mapping has told it
            return new TerminationMessage(Path.of(DEFAULT_FILE), false);
        }
    }

    /** Writes what fits. Last words that nobody can hear are no failure: they are on standard error as well. */
    void write(List<String> sentences) {
        if (!asked && !Files.isWritable(file)) {
            return;
        }
        try {
            Files.write(
                    file,
                    fitting(String.join("\n", sentences)),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.TRUNCATE_EXISTING);
        } catch (IOException e) {
            System.err.println("Termination message not written: file=" + file + " reason=" + e);
        }
    }

    private static byte[] fitting(String text) {
        String fitting = text;
        byte[] bytes = fitting.getBytes(StandardCharsets.UTF_8);
        while (bytes.length > MOST_BYTES) {
            int end = fitting.length() - Math.max(1, (bytes.length - MOST_BYTES) / 4); // no character has more bytes
            fitting = fitting.substring(0, Character.isHighSurrogate(fitting.charAt(end - 1)) ? end - 1 : end);
            bytes = fitting.getBytes(StandardCharsets.UTF_8);
        }
        return bytes;
    }
}
