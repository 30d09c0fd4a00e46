package io.holdfast.agent.heap;

import io.holdfast.agent.os.DiagnosticCommands;
import io.holdfast.agent.os.OptionReader;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.util.function.LongSupplier;

/**
 * What the JVM's own numbers say of the heap, and what of it is alive. Any thread.
 *
 * <p>The pool of old objects remembers what was in it after the last collection that looked at it: a full or a mixed one
 * of G1. Less the balloon, that is the live set, or a little more.
 */
public final class HeapUsage {
    private final MemoryPoolMXBean old;
    private final boolean explicitCollections;
    private final DiagnosticCommands commands;

    private long liveBytes = -1;
    private long seenOldBytes = -1;
    private long seenChanges = -1;

    public HeapUsage(OptionReader options, DiagnosticCommands commands) {
        old = ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP && pool.getCollectionUsage() != null)
                .filter(pool -> pool.getName().matches(".*(Old|Tenured|ZHeap|Shenandoah|tenured).*"))
                .findFirst()
                .orElse(null);
        explicitCollections = !"true".equals(options.value("DisableExplicitGC"))
                && !"true".equals(options.value("ExplicitGCInvokesConcurrent"));
        this.commands = commands;
    }

    /** Returns what is used, garbage and balloon included. */
    public long usedBytes() {
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    /** Returns what the JVM reserved memory for, balloon included. */
    public long committedBytes() {
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getCommitted();
    }

    /** Returns what was alive after the last full or mixed collection; -1 if there was none. */
    public synchronized long liveBytes() {
        return liveBytes;
    }

    /** Takes over what a predecessor knew. */
    public synchronized void restore(long itsLiveBytes) {
        liveBytes = itsLiveBytes;
    }

    /** Returns what is alive, or, where that is not known, what is used: it cannot be more. */
    long liveAtMost(long notUsedBytes) {
        long live = liveBytes();
        return live >= 0 ? live : Math.max(0, usedBytes() - notUsedBytes);
    }

    /**
     * Collects all garbage, and looks at what is left.
     *
     * @param balloonBytes asked after the collection
     */
    public void collect(LongSupplier balloonBytes) {
        if (explicitCollections) {
            System.gc();
        } else {
            commands.run(
                    "gcClassHistogram"); // its count of instances begins with a full collection, whatever the options
        }
        long balloon = balloonBytes.getAsLong();
        synchronized (this) {
            liveBytes = Math.max(0, (old == null ? usedBytes() : oldBytes()) - balloon);
        }
    }

    /**
     * Looks whether a collection has told something new.
     *
     * @param balloonBytes what the balloon holds
     * @param balloonChanges a number that changes with it: what a collection saw of a moving balloon cannot be told
     */
    synchronized void observe(long balloonBytes, long balloonChanges) {
        if (old == null) {
            return;
        }
        long now = oldBytes();
        if (now != seenOldBytes && balloonChanges == seenChanges && seenOldBytes >= 0 && now > 0) {
            liveBytes = Math.max(0, now - balloonBytes);
        }
        seenOldBytes = now;
        seenChanges = balloonChanges;
    }

    private long oldBytes() {
        return old.getCollectionUsage().getUsed();
    }
}
