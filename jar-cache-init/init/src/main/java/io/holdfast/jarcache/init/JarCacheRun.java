package io.holdfast.jarcache.init;

import io.holdfast.base.Disposition;
import io.holdfast.base.DurationGrammar;
import io.holdfast.base.ExitCode;
import io.holdfast.base.HoldfastException;
import io.holdfast.jarcache.Bundle;
import io.holdfast.jarcache.BundleManifest;
import io.holdfast.jarcache.BundledJar;
import io.holdfast.jarcache.source.JarSource;
import io.holdfast.quarkus.ProgramFailure;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One run: every jar of the bundle is on the shelf after it, or it fails and says which is not and why.
 *
 * <p>Threads: the caller's, which waits, and as many as were asked for, which place jars. {@link #stop} may be called by any
 * thread, and interrupts them.
 */
final class JarCacheRun {
    private static final Logger LOG = LoggerFactory.getLogger(JarCacheRun.class);
    private static final long GRACE_SECONDS = 2;

    private final JarCacheSettings settings;
    private final JarSource sources;
    private final LongSupplier nanoClock;
    private final ImageJars image;
    private final ExecutorService threads;
    private final Set<String> unfinished = new ConcurrentSkipListSet<>();
    private final Set<CopyMethod> methods = EnumSet.noneOf(CopyMethod.class);
    private volatile boolean stopped;

    JarCacheRun(JarCacheSettings settings, JarSource sources, LongSupplier nanoClock) {
        this.settings = settings;
        this.sources = sources;
        this.nanoClock = nanoClock;
        image = new ImageJars(settings.bundle(), settings.mode(), settings.verify());
        AtomicInteger number = new AtomicInteger();
        threads = Executors.newFixedThreadPool(settings.parallelism(), task -> {
            Thread thread = new Thread(task, "holdfast-jar-" + number.incrementAndGet());
            thread.setDaemon(true); // a read that hangs does not keep the process from ending
            return thread;
        });
    }

    /** How a jar came to be on the shelf. */
    private enum Way {
        PLACED,
        KEPT,
        FETCHED,
        VERIFIED
    }

    /** What to do for one jar. */
    private interface Work {
        Way make(BundledJar jar) throws Exception;
    }

    /**
     * Makes the jars present.
     *
     * @throws HoldfastException if they are not
     * @throws ProgramFailure if they are not, and the exit code is another than the disposition's
     */
    void run() {
        long startNanos = nanoClock.getAsLong();
        Deadline deadline = Deadline.in(settings.timeout(), nanoClock);
        try {
            Bundle bundle = BundleManifest.read(settings.bundle());
            requireFit(bundle);
            List<Way> ways =
                    settings.mode() == JarCacheConfig.Mode.VERIFY ? verify(bundle, deadline) : fill(bundle, deadline);
            tell(bundle, ways, startNanos);
        } finally {
            threads.shutdownNow();
        }
    }

    /** Ends the run early: partial files are deleted. Returns when that is done, or after two seconds. */
    void stop() {
        stopped = true;
        threads.shutdownNow();
        awaitThreads();
    }

    private void requireFit(Bundle bundle) {
        settings.flinkVersion().filter(version -> !bundle.fitsFlink(version)).ifPresent(version -> {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "Bundle %s version %s is for Flink %s, and HOLDFAST_JAR_CACHE_FLINK_VERSION is %s"
                            .formatted(
                                    bundle.name(),
                                    bundle.version(),
                                    String.join(" and ", bundle.flinkVersions()),
                                    version),
                    "Use the image of a bundle for that version of Flink, or correct the variable");
        });
    }

    private List<Way> verify(Bundle bundle, Deadline deadline) {
        return each(bundle, deadline, jar -> {
            try {
                image.check(jar);
                return Way.VERIFIED;
            } catch (UnusableJar e) {
                throw new ProgramFailure(
                        ExitCode.UNAVAILABLE,
                        new HoldfastException(
                                Disposition.FATAL,
                                "%s of the bundle in %s cannot be used: %s"
                                        .formatted(jar.path(), settings.bundle(), e.getMessage()),
                                "Have the node pull the image again, or build it again with './holdfast bundle build'",
                                e));
            }
        });
    }

    private List<Way> fill(Bundle bundle, Deadline deadline) {
        try (RunRegister register = RunRegister.enter(settings.target(), bundle, deadline)) {
            JarShelf shelf = new JarShelf(settings.target(), register.run(), settings.verify());
            Fallbacks fallbacks = new Fallbacks(settings.fallbackSources(), sources, shelf);
            List<Way> ways = each(bundle, deadline, jar -> {
                if (shelf.holds(jar)) {
                    return Way.KEPT;
                }
                try {
                    shelf.place(jar, partial -> image.copy(jar, partial));
                    synchronized (methods) {
                        methods.add(image.method());
                    }
                    return Way.PLACED;
                } catch (UnusableJar e) {
                    fallbacks.fetch(jar, e.getMessage());
                    return Way.FETCHED;
                }
            });
            for (Path stranger : shelf.strangers(bundle.jars())) {
                LOG.warn("Jar of no bundle left alone: file={}", stranger);
            }
            return ways;
        }
    }

    /** Does {@code work} for each jar, and returns when all is done or nothing can be any more. */
    private List<Way> each(Bundle bundle, Deadline deadline, Work work) {
        List<Callable<Way>> tasks = new ArrayList<>();
        for (BundledJar jar : ImageJars.largestFirst(bundle.jars())) {
            unfinished.add(jar.path());
            tasks.add(() -> {
                long startNanos = nanoClock.getAsLong();
                Way way = work.make(jar);
                unfinished.remove(jar.path());
                LOG.debug(
                        "Jar ready: jar={} way={} bytes={} tookMs={}",
                        jar.path(),
                        way,
                        jar.bytes(),
                        millisSince(startNanos));
                return way;
            });
        }
        List<Future<Way>> futures;
        try {
            futures = threads.invokeAll(tasks, deadline.leftNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw stoppedEarly();
        } catch (RejectedExecutionException e) { // stopped before it began
            throw stoppedEarly();
        }
        if (stopped) {
            throw stoppedEarly();
        }
        return ways(futures, bundle);
    }

    private List<Way> ways(List<Future<Way>> futures, Bundle bundle) {
        List<Way> ways = new ArrayList<>();
        List<Throwable> failures = new ArrayList<>();
        boolean late = false;
        for (Future<Way> future : futures) {
            if (future.isCancelled()) {
                late = true;
                continue;
            }
            try {
                ways.add(future.get());
            } catch (ExecutionException e) {
                failures.add(e.getCause());
            } catch (InterruptedException e) {
                throw new IllegalStateException("a task that is done was waited for", e);
            }
        }
        if (late) {
            awaitThreads();
        }
        if (!failures.isEmpty()) {
            throw worst(failures);
        }
        if (late) {
            throw new HoldfastException(
                    Disposition.RETRYABLE,
                    "%d of %d jars were ready after %s, and these were not: %s"
                            .formatted(
                                    ways.size(),
                                    bundle.jars().size(),
                                    DurationGrammar.format(settings.timeout()),
                                    shortened(unfinished)),
                    "The next run continues; raise HOLDFAST_JAR_CACHE_TIMEOUT if the volume or a fallback source is this slow");
        }
        return ways;
    }

    /** All are logged but one, which ends the program: the one that needs somebody most. */
    private static RuntimeException worst(List<Throwable> failures) {
        RuntimeException worst = null;
        for (Throwable failure : failures) {
            RuntimeException candidate = failure instanceof RuntimeException unchecked
                    ? unchecked
                    : new IllegalStateException("a jar could not be made ready", failure);
            if (worst == null || urgency(candidate) > urgency(worst)) {
                worst = candidate;
            }
        }
        for (Throwable failure : failures) {
            if (failure != worst) {
                LOG.error("Jar not ready: reason={}", failure.getMessage());
                LOG.debug("Jar not ready, with all causes:", failure);
            }
        }
        return worst;
    }

    private static int urgency(RuntimeException failure) {
        if (failure instanceof HoldfastException known) {
            return known.disposition() == Disposition.FATAL ? 2 : 0;
        }
        return failure instanceof ProgramFailure ? 1 : 3;
    }

    private HoldfastException stoppedEarly() {
        return new HoldfastException(
                Disposition.RETRYABLE,
                "Stopped before these jars were ready: " + shortened(unfinished),
                "The next run continues where this one ended");
    }

    private void awaitThreads() {
        try {
            if (!threads.awaitTermination(0, TimeUnit.SECONDS)) {
                threads.shutdownNow();
                if (!threads.awaitTermination(GRACE_SECONDS, TimeUnit.SECONDS)) {
                    LOG.warn("Jars still being written are left to be swept: jars={}", shortened(unfinished));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String shortened(Set<String> paths) {
        int most = 5;
        String text = new TreeSet<>(paths).stream().limit(most).collect(Collectors.joining(", "));
        return paths.size() > most ? text + " and %d more".formatted(paths.size() - most) : text;
    }

    private void tell(Bundle bundle, List<Way> ways, long startNanos) {
        LOG.info(
                "Jars ready: bundle={} version={} jars={} bytes={} placed={} kept={} fetched={} verified={} method={} tookMs={}",
                bundle.name(),
                bundle.version(),
                bundle.jars().size(),
                bundle.bytes(),
                count(ways, Way.PLACED),
                count(ways, Way.KEPT),
                count(ways, Way.FETCHED),
                count(ways, Way.VERIFIED),
                method(),
                millisSince(startNanos));
    }

    private String method() {
        if (settings.mode() == JarCacheConfig.Mode.VERIFY) {
            return "verify";
        }
        return methods.isEmpty()
                ? "none"
                : methods.stream().map(CopyMethod::word).collect(Collectors.joining(","));
    }

    private static long count(List<Way> ways, Way way) {
        return ways.stream().filter(way::equals).count();
    }

    private long millisSince(long startNanos) {
        return TimeUnit.NANOSECONDS.toMillis(nanoClock.getAsLong() - startNanos);
    }
}
