package io.holdfast.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/**
 * JUnit extension that fails a test which leaves threads behind or lets a thread die of an exception.
 *
 * <pre>{@code
 * @RegisterExtension
 * final LeakCheck leakCheck = LeakCheck.ignoring("flink-pekko");
 * }</pre>
 *
 * <p>Threads get two seconds to end. Threads of the JDK, of JUnit and of the build are not counted. Not for tests that
 * run in parallel within one JVM: it looks at all threads.
 */
public final class LeakCheck implements BeforeEachCallback, AfterEachCallback {

    private static final Duration GRACE = Duration.ofSeconds(2);
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final int STACK_LINES = 8;
    private static final Namespace NAMESPACE = Namespace.create(LeakCheck.class);
    private static final List<String> NOT_OURS = List.of(
            "Attach Listener",
            "Common-Cleaner",
            "Finalizer",
            "ForkJoinPool.commonPool",
            "HttpClient-",
            "Keep-Alive-Timer",
            "Reference Handler",
            "Signal Dispatcher",
            "junit-",
            "process reaper",
            "surefire-");

    private final List<String> ignored;

    public LeakCheck() {
        this(NOT_OURS);
    }

    private LeakCheck(List<String> ignored) {
        this.ignored = ignored;
    }

    /** A check that also lets threads pass whose names start with one of {@code prefixes}. */
    public static LeakCheck ignoring(String... prefixes) {
        List<String> ignored = new ArrayList<>(NOT_OURS);
        ignored.addAll(Arrays.asList(prefixes));
        return new LeakCheck(List.copyOf(ignored));
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        Before before = new Before(liveThreads(), Thread.getDefaultUncaughtExceptionHandler());
        context.getStore(NAMESPACE).put(this, before);
        Thread.setDefaultUncaughtExceptionHandler(
                (thread, failure) -> before.uncaught.add(new Uncaught(thread, failure)));
    }

    @Override
    public void afterEach(ExtensionContext context) {
        Before before = context.getStore(NAMESPACE).remove(this, Before.class);
        Thread.setDefaultUncaughtExceptionHandler(before.handler);
        Set<Thread> leaked = awaitEnd(before.threads);
        AssertionError error = null;
        if (!leaked.isEmpty()) {
            error = new AssertionError("%d threads outlived %s by %d ms. Close what started them.%n%s"
                    .formatted(leaked.size(), context.getDisplayName(), GRACE.toMillis(), describe(leaked)));
        }
        for (Uncaught uncaught : before.uncaught) {
            AssertionError died = new AssertionError(
                    "Thread '" + uncaught.thread.getName() + "' died during " + context.getDisplayName() + ".",
                    uncaught.failure);
            if (error == null) {
                error = died;
            } else {
                error.addSuppressed(died);
            }
        }
        if (error != null) {
            throw error;
        }
    }

    private Set<Thread> awaitEnd(Set<Thread> before) {
        long deadlineNanos = System.nanoTime() + GRACE.toNanos();
        Set<Thread> leaked = newThreads(before);
        while (!leaked.isEmpty() && System.nanoTime() < deadlineNanos) {
            LockSupport.parkNanos(PAUSE_NANOS);
            leaked = newThreads(before);
        }
        return leaked;
    }

    private Set<Thread> newThreads(Set<Thread> before) {
        Predicate<Thread> ours = thread -> ignored.stream().noneMatch(thread.getName()::startsWith);
        return liveThreads().stream()
                .filter(thread -> !before.contains(thread))
                .filter(ours)
                .collect(Collectors.toSet());
    }

    private static Set<Thread> liveThreads() {
        return Thread.getAllStackTraces().keySet();
    }

    private static String describe(Set<Thread> threads) {
        return threads.stream()
                .map(thread -> "'" + thread.getName() + "' (" + thread.getState() + ")\n"
                        + Arrays.stream(thread.getStackTrace())
                                .limit(STACK_LINES)
                                .map(frame -> "    at " + frame + "\n")
                                .collect(Collectors.joining()))
                .collect(Collectors.joining());
    }

    private record Uncaught(Thread thread, Throwable failure) {}

    private static final class Before {
        private final Set<Thread> threads;
        private final Thread.UncaughtExceptionHandler handler;
        private final ConcurrentLinkedQueue<Uncaught> uncaught = new ConcurrentLinkedQueue<>();

        Before(Set<Thread> threads, Thread.UncaughtExceptionHandler handler) {
            this.threads = threads;
            this.handler = handler;
        }
    }
}
