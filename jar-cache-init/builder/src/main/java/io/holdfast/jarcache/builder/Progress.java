package io.holdfast.jarcache.builder;

import io.holdfast.jarcache.source.Transfer;
import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Tells a person how fetching goes on: a bar on a terminal, a line per jar elsewhere. Thread-safe. */
abstract class Progress implements AutoCloseable {

    static final double BYTES_PER_MB = 1e6;

    /** What {@code jar} is told while it is fetched. */
    abstract Transfer transfer(String jar);

    /** {@code jar} is there; {@code from} says where it came from. */
    abstract void done(String jar, long bytes, String from);

    @Override
    public abstract void close();

    static String size(long bytes) {
        return String.format(Locale.ROOT, "%.1f MB", bytes / BYTES_PER_MB);
    }

    /** For a log. */
    static Progress lines(PrintStream out) {
        return new Progress() {
            @Override
            Transfer transfer(String jar) {
                return new Transfer() {
                    @Override
                    public void at(long bytes, long ofBytes) {}

                    @Override
                    public void retry(String why) {
                        out.println("Trying again: " + why);
                    }
                };
            }

            @Override
            void done(String jar, long bytes, String from) {
                out.printf("%s: %s, %s%n", jar, size(bytes), from);
            }

            @Override
            public void close() {}
        };
    }

    /** For a terminal. */
    static Progress bar(PrintStream out, int jars) {
        ProgressBar bar = new ProgressBarBuilder()
                .setTaskName("Jars")
                .setInitialMax(jars)
                .setStyle(ProgressBarStyle.ASCII)
                .setConsumer(new ConsoleProgressBarConsumer(out))
                .build();
        AtomicLong all = new AtomicLong();
        return new Progress() {
            @Override
            Transfer transfer(String jar) {
                return new Transfer() {
                    private long seen;

                    @Override
                    public void at(long bytes, long ofBytes) {
                        bar.setExtraMessage(" " + size(all.addAndGet(bytes - seen)));
                        seen = bytes;
                    }

                    @Override
                    public void retry(String why) {
                        bar.setExtraMessage(" trying again: " + why);
                    }
                };
            }

            @Override
            void done(String jar, long bytes, String from) {
                bar.step();
            }

            @Override
            public void close() {
                bar.close();
            }
        };
    }
}
