package io.holdfast.agent.os;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the JVM was started with. Flink puts the memory that it computed first, and what users add after it. */
public record CommandLine(List<String> arguments) {
    private static final Pattern JVM_SIZE = Pattern.compile("([0-9]+)([kKmMgGtT]?)");
    private static final String UNITS = "kmgt";

    public CommandLine {
        arguments = List.copyOf(arguments);
    }

    /** Returns this process's arguments, without those that came by environment variables. */
    public static CommandLine read() {
        try {
            String line = Files.readString(Path.of("/proc/self/cmdline"), StandardCharsets.ISO_8859_1);
            return new CommandLine(List.of(line.split("\0")));
        } catch (IOException | RuntimeException e) {
            return new CommandLine(List.of());
        }
    }

    /** Returns the size in the first {@code -Xmx} or {@code -XX:MaxHeapSize=}, in bytes. */
    public OptionalLong firstHeap() {
        return first("-Xmx", "-XX:MaxHeapSize=");
    }

    /** Returns the size in the first {@code -XX:MaxDirectMemorySize=}, in bytes. */
    public OptionalLong firstDirect() {
        return first("-XX:MaxDirectMemorySize=");
    }

    private OptionalLong first(String... prefixes) {
        for (String argument : arguments) {
            for (String prefix : prefixes) {
                if (argument.startsWith(prefix)) {
                    OptionalLong size = size(argument.substring(prefix.length()));
                    if (size.isPresent()) {
                        return size;
                    }
                }
            }
        }
        return OptionalLong.empty();
    }

    private static OptionalLong size(String text) {
        Matcher matcher = JVM_SIZE.matcher(text);
        if (!matcher.matches()) {
            return OptionalLong.empty();
        }
        int power = matcher.group(2).isEmpty()
                ? 0
                : UNITS.indexOf(Character.toLowerCase(text.charAt(text.length() - 1))) + 1;
        try {
            return OptionalLong.of(Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << (10 * power)));
        } catch (ArithmeticException | NumberFormatException e) {
            return OptionalLong.empty();
        }
    }
}
