package io.holdfast.resize.observe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The memory of the TaskManager's container: where its cgroup is, and what it says. A container that restarts has another
 * cgroup, which is found again.
 *
 * <p>Not thread-safe, except for {@link #memory()}.
 */
public final class ContainerMemory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ContainerMemory.class);
    private static final Duration BETWEEN_SEARCHES = Duration.ofSeconds(10);

    private final Optional<Path> configured;
    private final Path proc;
    private final LongSupplier nanoClock;
    private final Runnable changed;
    private volatile Optional<CgroupMemory> memory = Optional.empty();
    private Optional<LimitWatch> watch = Optional.empty();
    private Optional<Long> searchedNanos = Optional.empty();

    /**
     * @param configured directory of the memory controller
     * @param proc where {@code /proc} is
     * @param changed called, in another thread, as soon as the limit may be another one
     */
    public ContainerMemory(Optional<Path> configured, Path proc, LongSupplier nanoClock, Runnable changed) {
        this.configured = configured;
        this.proc = proc;
        this.nanoClock = nanoClock;
        this.changed = changed;
    }

    /**
     * What a look has seen, in bytes.
     *
     * @param limitBytes empty without a limit
     */
    public record Look(OptionalLong limitBytes, long usageBytes, long reclaimableBytes) {}

    /** The controller, if it is known. Any thread. */
    public Optional<CgroupMemory> memory() {
        return memory;
    }

    /** Looks; empty if the cgroup cannot be seen. */
    public Optional<Look> look() {
        if (memory.isEmpty()) {
            search();
        }
        if (memory.isEmpty()) {
            return Optional.empty();
        }
        CgroupMemory known = memory.get();
        try {
            return Optional.of(new Look(known.limitBytes(), known.usageBytes(), known.reclaimableBytes()));
        } catch (IOException e) {
            LOG.info("Container memory lost: directory={} reason={}", known.directory(), e.toString());
            forget();
            return Optional.empty();
        }
    }

    private void search() {
        long now = nanoClock.getAsLong();
        if (searchedNanos.isPresent() && now - searchedNanos.get() < BETWEEN_SEARCHES.toNanos()) {
            return;
        }
        searchedNanos = Optional.of(now);
        memory = configured.isPresent()
                ? configured.filter(Files::isDirectory).flatMap(CgroupMemory::in)
                : TaskManagerProcess.find(proc).flatMap(TaskManagerProcess::memory);
        memory.ifPresent(found -> {
            String notified = "true";
            try {
                watch = Optional.of(LimitWatch.on(found.directory(), changed));
            } catch (IOException e) {
                notified = "false (" + e.getMessage() + ")";
            }
            LOG.info(
                    "Container memory found: directory={} version={} notified={}",
                    found.directory(),
                    found.version(),
                    notified);
        });
    }

    private void forget() {
        memory = Optional.empty();
        searchedNanos = Optional.empty();
        close();
    }

    @Override
    public void close() {
        watch.ifPresent(open -> {
            try {
                open.close();
            } catch (IOException e) {
                LOG.debug("Watch not closed", e);
            }
        });
        watch = Optional.empty();
    }
}
