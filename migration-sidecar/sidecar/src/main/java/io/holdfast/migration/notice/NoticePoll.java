package io.holdfast.migration.notice;

import io.holdfast.migration.plan.Cause;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks one source again and again, in a thread of its own, and publishes what it says. */
public final class NoticePoll implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NoticePoll.class);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(15);

    private final NoticeSource source;
    private final Duration period;
    private final NoticeBoard board;
    private final Consumer<Cause> failed;
    private final Thread thread;
    private String told = "";
    private int failures;

    /** @param failed called whenever the source could not be asked */
    public NoticePoll(NoticeSource source, Duration period, NoticeBoard board, Consumer<Cause> failed) {
        this.source = source;
        this.period = period;
        this.board = board;
        this.failed = failed;
        this.thread = new Thread(this::run, "holdfast-notices-" + name());
        thread.setDaemon(true);
    }

    public void start() {
        thread.start();
    }

    private String name() {
        return source.cause().name().toLowerCase(Locale.ROOT);
    }

    private void run() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                Duration wait = poll() ? period : pause();
                TimeUnit.NANOSECONDS.sleep(wait.toNanos());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean poll() {
        try {
            board.publish(name(), source.read());
            if (failures > 0) {
                LOG.info("Notices read again: source={} failures={}", name(), failures);
                failures = 0;
                told = "";
            }
            return true;
        } catch (IOException | RuntimeException e) {
            if (Thread.currentThread().isInterrupted()) {
                return false;
            }
            failures++;
            failed.accept(source.cause());
            if (!told.equals(String.valueOf(e.getMessage()))) {
                told = String.valueOf(e.getMessage());
                LOG.warn(
                        "Notices not read: source={} reason={}. Check that this pod reaches the metadata server, or take it out"
                                + " of HOLDFAST_MIGRATION_CLOUD",
                        name(),
                        e.toString());
            }
            return false;
        }
    }

    /** Longer and longer; a server that is back is noticed within seconds all the same. */
    private Duration pause() {
        Duration pause = period.multipliedBy(1L << Math.min(failures, 6));
        return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            if (source instanceof AutoCloseable closeable) {
                closeable.close();
            }
        } catch (Exception e) {
            LOG.debug("Source not closed: source={}", name(), e);
        }
    }
}
