package io.holdfast.agent.heap;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Array;
import java.util.Optional;

/**
 * By {@code java.lang.foreign}, final since Java 22, which calls C with an array of the heap. By reflection, for this is
 * compiled for Java 17.
 */
final class FfmPageRelease implements PageRelease {
    private static final int MADV_DONTNEED = 4;
    private static final String FOREIGN = "java.lang.foreign.";

    /** Where the elements of an array of longs begin, by the layouts of objects that there are. */
    private static final int[] ELEMENT_OFFSETS = {16, 24};

    private final MethodHandle ofArray;
    private final MethodHandle asSlice;
    private final MethodHandle madvise;

    private FfmPageRelease(MethodHandle ofArray, MethodHandle asSlice, MethodHandle madvise) {
        this.ofArray = ofArray;
        this.asSlice = asSlice;
        this.madvise = madvise;
    }

    /** @throws UnsupportedOperationException if this JVM lacks it, or denies it; the message says why */
    static PageRelease link() {
        if (Runtime.version().feature() < 22) {
            throw new UnsupportedOperationException(
                    "Java " + Runtime.version().feature() + " has no java.lang.foreign");
        }
        try {
            Class<?> segment = Class.forName(FOREIGN + "MemorySegment");
            Class<?> linkerType = Class.forName(FOREIGN + "Linker");
            Class<?> option = Class.forName(FOREIGN + "Linker$Option");
            Class<?> layout = Class.forName(FOREIGN + "MemoryLayout");
            Class<?> descriptor = Class.forName(FOREIGN + "FunctionDescriptor");
            Class<?> values = Class.forName(FOREIGN + "ValueLayout");
            Object linker = linkerType.getMethod("nativeLinker").invoke(null);
            Object lookup = linkerType.getMethod("defaultLookup").invoke(linker);
            Optional<?> symbol = (Optional<?>) Class.forName(FOREIGN + "SymbolLookup")
                    .getMethod("find", String.class)
                    .invoke(lookup, "madvise");
            Object arguments = Array.newInstance(layout, 3);
            Array.set(arguments, 0, values.getField("ADDRESS").get(null));
            Array.set(arguments, 1, values.getField("JAVA_LONG").get(null));
            Array.set(arguments, 2, values.getField("JAVA_INT").get(null));
            Object signature = descriptor
                    .getMethod("of", layout, arguments.getClass())
                    .invoke(null, values.getField("JAVA_INT").get(null), arguments);
            Object options = Array.newInstance(option, 1);
            Array.set(options, 0, option.getMethod("critical", boolean.class).invoke(null, true));
            MethodHandle madvise = (MethodHandle) linkerType
                    .getMethod("downcallHandle", segment, descriptor, options.getClass())
                    .invoke(linker, symbol.orElseThrow(), signature, options);
            MethodHandles.Lookup methods = MethodHandles.publicLookup();
            return new FfmPageRelease(
                    methods.findStatic(segment, "ofArray", MethodType.methodType(segment, long[].class))
                            .asType(MethodType.methodType(Object.class, long[].class)),
                    methods.findVirtual(segment, "asSlice", MethodType.methodType(segment, long.class, long.class))
                            .asType(MethodType.methodType(Object.class, Object.class, long.class, long.class)),
                    madvise.asType(MethodType.methodType(int.class, Object.class, long.class, int.class)));
        } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new UnsupportedOperationException("java.lang.foreign cannot be used: " + cause, e);
        }
    }

    @Override
    public String name() {
        return "ffm";
    }

    @Override
    public long release(long[] zeros, long bytes) {
        long page = PageRelease.pageBytes();
        long length = bytes - 2 * page;
        if (length <= 0) {
            return 0;
        }
        for (int offset : ELEMENT_OFFSETS) { // the wrong one makes an address within a page, which madvise refuses
            if (advise(zeros, page - offset, length) == 0) {
                return length;
            }
        }
        return -1;
    }

    private int advise(long[] zeros, long from, long length) {
        try {
            Object whole = (Object) ofArray.invokeExact(zeros);
            Object inside = (Object) asSlice.invokeExact(whole, from, length);
            return (int) madvise.invokeExact(inside, length, MADV_DONTNEED);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
