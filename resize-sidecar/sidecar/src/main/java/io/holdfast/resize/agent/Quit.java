package io.holdfast.resize.agent;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.reflect.InvocationTargetException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Sends SIGQUIT, which Java cannot. By the C library from Java 22 on, else by the program {@code kill}. The interface to the C
 * library is used by reflection: this code is compiled for Java 17.
 */
final class Quit {
    private static final int SIGQUIT = 3;
    private static final int FIRST_WITH_NATIVE_CALLS = 22;

    private Quit() {}

    /** The caller has seen that the process handles it. */
    static void send(long pid) throws IOException {
        if (Runtime.version().feature() >= FIRST_WITH_NATIVE_CALLS) {
            try {
                int result = (int) nativeKill().invoke((int) pid, SIGQUIT);
                if (result != 0) {
                    throw new IOException("The kernel does not let us signal process " + pid);
                }
                return;
            } catch (IOException e) {
                throw e;
            } catch (Throwable e) { // what an image has closed off may be in another program
                runKill(pid, Optional.of(e));
                return;
            }
        }
        runKill(pid, Optional.empty());
    }

    private static MethodHandle nativeKill() throws ReflectiveOperationException {
        Class<?> linkerType = Class.forName("java.lang.foreign.Linker");
        Class<?> layoutType = Class.forName("java.lang.foreign.MemoryLayout");
        Class<?> descriptorType = Class.forName("java.lang.foreign.FunctionDescriptor");
        Class<?> optionType = Class.forName("java.lang.foreign.Linker$Option");
        Object intLayout = Class.forName("java.lang.foreign.ValueLayout")
                .getField("JAVA_INT")
                .get(null);
        Object layouts = java.lang.reflect.Array.newInstance(layoutType, 2);
        java.lang.reflect.Array.set(layouts, 0, intLayout);
        java.lang.reflect.Array.set(layouts, 1, intLayout);
        try {
            Object linker = linkerType.getMethod("nativeLinker").invoke(null);
            Object lookup = linkerType.getMethod("defaultLookup").invoke(linker);
            Object address = ((Optional<?>) Class.forName("java.lang.foreign.SymbolLookup")
                            .getMethod("find", String.class)
                            .invoke(lookup, "kill"))
                    .orElseThrow();
            Object descriptor = descriptorType
                    .getMethod("of", layoutType, layouts.getClass())
                    .invoke(null, intLayout, layouts);
            Object options = java.lang.reflect.Array.newInstance(optionType, 0);
            return (MethodHandle) linkerType
                    .getMethod(
                            "downcallHandle",
                            Class.forName("java.lang.foreign.MemorySegment"),
                            descriptorType,
                            options.getClass())
                    .invoke(linker, address, descriptor, options);
        } catch (InvocationTargetException e) {
            throw new ReflectiveOperationException(e.getCause());
        }
    }

    private static void runKill(long pid, Optional<Throwable> before) throws IOException {
        try {
            Process kill = new ProcessBuilder("kill", "-" + SIGQUIT, Long.toString(pid))
                    .redirectErrorStream(true)
                    .start();
            if (!kill.waitFor(5, TimeUnit.SECONDS) || kill.exitValue() != 0) {
                kill.destroyForcibly();
                throw new IOException("kill -QUIT %d did not succeed".formatted(pid));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted", e);
        } catch (IOException e) {
            before.ifPresent(e::addSuppressed);
            throw e;
        }
    }
}
