package io.holdfast.agent.os;

import io.holdfast.agent.report.AgentException;
import io.holdfast.agent.report.ErrorCode;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The limit of direct memory: what {@code -XX:MaxDirectMemorySize} sets once, moved while the JVM runs. */
public final class DirectMemory {
    private static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final JdkInternals internals;
    private final Runnable collection;
    private final BufferPoolMXBean direct;

    /** @param collection a full collection, for buffers that nobody uses any more */
    public DirectMemory(JdkInternals internals, Runnable collection) {
        this.internals = internals;
        this.collection = collection;
        this.direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .findFirst()
                .orElseThrow();
    }

    /** Returns the limit in bytes; -1 if this JDK does not tell. */
    public long limitBytes() {
        return internals.directLimit();
    }

    /** Returns what counts against the limit, in bytes. */
    public long usedBytes() {
        return direct.getTotalCapacity();
    }

    /**
     * Sets the limit, and reads it back.
     *
     * @throws AgentException {@link ErrorCode#INFEASIBLE} if more than that is in use after a collection; {@link
     *     ErrorCode#UNSUPPORTED} if this JDK does not let it be set
     */
    public void setLimit(long bytes) {
        if (internals.missing() != null) {
            throw new AgentException(
                    ErrorCode.UNSUPPORTED,
                    "The direct memory limit of this JVM cannot be set: " + internals.missing(),
                    "Use one of the Java versions that the documentation lists, or leave direct memory out of resizes");
        }
        if (usedBytes() > bytes) {
            collect();
        }
        requireAbove(usedBytes(), bytes);
        long before = limitBytes();
        internals.setDirectLimit(bytes);
        long used = usedBytes(); // somebody may have allocated between the look and the new limit
        if (used > bytes) {
            internals.setDirectLimit(Math.max(before, used));
            requireAbove(used, bytes);
        }
        if (limitBytes() != bytes) {
            throw new AgentException(
                    ErrorCode.FAILED,
                    "The direct memory limit reads " + limitBytes() + " after it was set to " + bytes,
                    "Report this with the version of the JVM");
        }
    }

    /** Frees the buffers that nobody uses any more. A thread of the JDK's does so some time after a collection. */
    public void collect() {
        collection.run();
        long startNanos = System.nanoTime();
        long changedNanos = startNanos;
        long used = usedBytes();
        long now = startNanos;
        while (now - changedNanos < QUIET_NANOS && now - startNanos < PATIENCE_NANOS) {
            LockSupport.parkNanos(LOOK_NANOS);
            now = System.nanoTime();
            if (usedBytes() != used) {
                used = usedBytes();
                changedNanos = now;
            }
        }
    }

    private static void requireAbove(long used, long bytes) {
        if (used > bytes) {
            throw new AgentException(
                    ErrorCode.INFEASIBLE,
                    "Direct memory of " + used + " bytes is in use, more than the limit of " + bytes + " asked for",
                    "Shrink what holds it first, such as network memory, or ask for at least " + used);
        }
    }
}
