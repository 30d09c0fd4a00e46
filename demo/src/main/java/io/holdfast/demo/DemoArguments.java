package io.holdfast.demo;

import io.holdfast.base.Spelling;
import java.util.List;

/**
 * The command line of the demo.
 *
 * @param flinkMinor one of {@link #MINORS}
 * @param restPort port of the web interface, 0 for a free one
 */
record DemoArguments(String flinkMinor, boolean quick, boolean keep, int restPort, boolean help) {

    static final List<String> MINORS = List.of("2.2", "2.3");
    static final String USAGE = """
            Runs a streaming job on a real Flink cluster with Holdfast, and again without it. Fails a task, kills a
            TaskManager and evicts another one in both runs, then shows what stood still, restarted, was lost or repeated.

            Usage: ./holdfast demo [--flink 2.2|2.3] [--quick] [--keep] [--port N]

              --flink V   Flink minor to run on; default 2.2
              --quick     shorter runs, about 2 minutes in all instead of 4
              --keep      leave the cluster with Holdfast running afterwards, to try out more
              --port N    port of Flink's web interface on 127.0.0.1; default a free one

            Writes target/demo/report.html. Exit codes: 0 Holdfast kept its promise, 1 it did not, 2 wrong usage,
            78 something is missing.
            """;

    private static final int HIGHEST_PORT = 65_535;
    private static final List<String> OPTIONS = List.of("--flink", "--quick", "--keep", "--port", "--help");

    /** A command line that makes no sense; the message says what would. */
    static final class UsageException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        UsageException(String message) {
            super(message);
        }
    }

    static DemoArguments parse(List<String> arguments) {
        String flinkMinor = MINORS.get(0);
        boolean quick = false;
        boolean keep = false;
        boolean help = false;
        int restPort = 0;
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            switch (argument) {
                case "--quick" -> quick = true;
                case "--keep" -> keep = true;
                case "--help", "-h" -> help = true;
                case "--flink" -> flinkMinor = minor(value(arguments, ++i, "--flink needs a version: 2.2 or 2.3."));
                case "--port" -> restPort = port(value(arguments, ++i, "--port needs a number."));
                default -> throw new UsageException(unknown(argument));
            }
        }
        return new DemoArguments(flinkMinor, quick, keep, restPort, help);
    }

    private static String value(List<String> arguments, int index, String otherwise) {
        if (index >= arguments.size() || arguments.get(index).startsWith("--")) {
            throw new UsageException(otherwise);
        }
        return arguments.get(index);
    }

    private static String minor(String value) {
        if (!MINORS.contains(value)) {
            throw new UsageException("--flink is '%s'. Choose 2.2 or 2.3.".formatted(value));
        }
        return value;
    }

    private static int port(String value) {
        try {
            int port = Integer.parseInt(value);
            if (port >= 1 && port <= HIGHEST_PORT) {
                return port;
            }
        } catch (NumberFormatException e) {
            // falls through to the one message for both mistakes
        }
        throw new UsageException("--port is '%s'. Choose a number in 1..%d.".formatted(value, HIGHEST_PORT));
    }

    private static String unknown(String argument) {
        return "'%s' is no option of the demo.%s"
                .formatted(
                        argument,
                        Spelling.closest(argument, OPTIONS)
                                .map(name -> " Did you mean " + name + "?")
                                .orElse(""));
    }
}
