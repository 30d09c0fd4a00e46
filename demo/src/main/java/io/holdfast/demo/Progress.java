package io.holdfast.demo;

import java.io.PrintStream;
import java.util.Locale;

/** Lines that say what the demo is doing, each with the seconds since its begin. */
final class Progress {

    private final PrintStream out;
    private final long startNanos = System.nanoTime();

    Progress(PrintStream out) {
        this.out = out;
    }

    void say(Mode mode, String format, Object... arguments) {
        double seconds = (System.nanoTime() - startNanos) / 1e9;
        out.printf(
                Locale.ROOT,
                "%6.1f s  %-11s  %s%n",
                seconds,
                mode.label(),
                String.format(Locale.ROOT, format, arguments));
        out.flush();
    }
}
