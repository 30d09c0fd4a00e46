package io.holdfast.flink.entrypoint;

import io.holdfast.base.ExitCode;
import io.holdfast.base.HoldfastException;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The boundary of an entry point's {@code main}: a refused start is one sentence and an exit code, not a stack trace. */
public final class StartUp {

    private static final Logger LOG = LoggerFactory.getLogger(StartUp.class);

    private StartUp() {}

    /** Main thread. What {@code start} makes; ends the JVM with {@link ExitCode#BAD_CONFIGURATION} if it refuses. */
    public static <T> T orExit(Supplier<T> start) {
        try {
            return start.get();
        } catch (HoldfastException refused) {
            LOG.error("Start refused: {}", refused.getMessage());
            System.err.println(refused.getMessage());
            System.exit(ExitCode.BAD_CONFIGURATION);
            throw refused;
        }
    }

    /**
     * Main thread. The cluster that {@code start} makes of an application's program; ends the JVM with {@link
     * ExitCode#INTERNAL} if the program cannot be made.
     */
    public static <T> T application(Callable<T> start) {
        try {
            return start.call();
        } catch (Exception e) {
            LOG.error("Could not create the application's program. Check its jars, class name and arguments.", e);
            System.err.println("Could not create the application's program: " + e.getMessage()
                    + ". Check its jars, class name and arguments; the log has the details.");
            System.exit(ExitCode.INTERNAL);
            throw new IllegalStateException(e);
        }
    }
}
