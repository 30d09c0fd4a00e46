package io.holdfast.flink.networkmemory;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import javax.annotation.Nullable;
import javax.management.JMException;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Memory outside the heap that counts against the JVM's limit of direct memory, and is given back when its owner says
 * so, not when a garbage collection finds it. Stateless; any thread.
 */
final class DirectMemory {

    private static final Logger LOG = LoggerFactory.getLogger(DirectMemory.class);

    /** Takes a buffer from {@link ByteBuffer#allocateDirect}; null where the JVM offers no such thing. */
    private static final @Nullable MethodHandle FREE = find();

    private DirectMemory() {}

    private static @Nullable MethodHandle find() {
        try {
            Class<?> type = Class.forName("sun.misc.Unsafe");
            Field instance = type.getDeclaredField("theUnsafe");
            instance.setAccessible(true);
            return MethodHandles.publicLookup()
                    .findVirtual(type, "invokeCleaner", MethodType.methodType(void.class, ByteBuffer.class))
                    .bindTo(instance.get(null));
        } catch (ReflectiveOperationException | RuntimeException e) {
            LOG.warn("This JVM gives network memory back only when it collects garbage", e);
            return null;
        }
    }

    /**
     * Zeroed, so that the memory is really there.
     *
     * @throws OutOfMemoryError if the JVM's limit of direct memory does not allow it
     */
    static ByteBuffer allocate(int bytes) {
        return ByteBuffer.allocateDirect(bytes);
    }

    /** Whoever still had a view of {@code whole} would read what is not his: there must be none. */
    static void free(ByteBuffer whole) {
        if (FREE == null) {
            return; // the buffer's own cleaner does it
        }
        try {
            FREE.invokeExact(whole);
        } catch (Throwable e) { // the method declares nothing
            throw new IllegalStateException("Network memory cannot be given back", e);
        }
    }

    /**
     * Lets the C library give its free pages to the operating system. After the first mebibytes that were freed, glibc
     * keeps what it gets back. With another allocator, or on a JVM without that command, nothing happens.
     */
    static void trim() {
        try {
            ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "systemTrimNativeHeap",
                            null,
                            null);
        } catch (JMException | RuntimeException e) {
            LOG.debug("This JVM cannot be told to give free native memory back", e);
        }
    }
}
