package io.holdfast.agent.os;

import java.lang.instrument.Instrumentation;
import java.lang.ref.SoftReference;
import java.lang.reflect.Field;
import java.util.Map;
import java.util.Set;

/**
 * All reflection into the JDK: the limit of direct memory, which has no public way to be moved, and the age of soft
 * references. Checks at construction that every member is there, and says else what this JDK lacks.
 */
public final class JdkInternals {
    private final Field maxMemory;
    private final Field limitSet;
    private final Field directMemory;
    private final Field softTimestamp;
    private final String missing;

    /** Opens what is needed to this class's module, and to no other. */
    public JdkInternals(Instrumentation instrumentation) {
        Field max = null;
        Field set = null;
        Field direct = null;
        Field timestamp = null;
        String lacks = null;
        try {
            Set<Module> us = Set.of(JdkInternals.class.getModule());
            instrumentation.redefineModule(
                    Object.class.getModule(),
                    Set.of(),
                    Map.of(),
                    Map.of("java.nio", us, "jdk.internal.misc", us, "java.lang.ref", us),
                    Set.of(),
                    Map.of());
            timestamp = accessible("java.lang.ref.SoftReference", "timestamp", long.class);
            max = accessible("java.nio.Bits", "MAX_MEMORY", long.class);
            set = accessible("java.nio.Bits", "MEMORY_LIMIT_SET", boolean.class);
            direct = accessible("jdk.internal.misc.VM", "directMemory", long.class);
        } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
            lacks = e.toString();
        }
        maxMemory = max;
        limitSet = set;
        directMemory = direct;
        softTimestamp = timestamp;
        missing = lacks;
    }

    /** Returns what this JDK lacks; null if nothing. */
    public String missing() {
        return missing;
    }

    /**
     * Makes a soft reference one that was used last in the far future: no collector takes it for not having been used
     * lately, but only when it takes all, before it fails an allocation. Until {@code get()} is called on it.
     *
     * @return whether this JDK lets us
     */
    public boolean postpone(SoftReference<?> reference) {
        if (softTimestamp == null) {
            return false;
        }
        try {
            softTimestamp.setLong(reference, Long.MAX_VALUE / 2);
            return true;
        } catch (IllegalAccessException e) {
            return false;
        }
    }

    /** Returns the limit of direct memory, in bytes; -1 if this JDK does not tell. */
    long directLimit() {
        if (missing != null) {
            return -1;
        }
        try {
            return limitSet.getBoolean(null) ? maxMemory.getLong(null) : directMemory.getLong(null);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Sets what {@link #directLimit()} answers. Buffers that are held stay; new ones are judged by the new limit. */
    void setDirectLimit(long bytes) {
        try {
            directMemory.setLong(null, bytes); // else the first direct buffer of this JVM would put the old limit back
            maxMemory.setLong(null, bytes);
            limitSet.setBoolean(null, true);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Field accessible(String type, String name, Class<?> wanted) throws ReflectiveOperationException {
        Field field = Class.forName(type).getDeclaredField(name);
        if (field.getType() != wanted) {
            throw new NoSuchFieldException(type + "." + name + " is a " + field.getType());
        }
        field.setAccessible(true);
        return field;
    }
}
