package io.holdfast.flink.exchange;

import java.util.function.Consumer;
import org.apache.flink.util.ExceptionUtils;
import org.apache.flink.util.function.ThrowingRunnable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The line that no exception of ours crosses on threads whose failure would hurt others: an exception in a netty reader
 * closes the connection that all tasks of two TaskManagers share. Any thread.
 */
public final class NettyBoundary {

    private static final Logger LOG = LoggerFactory.getLogger(NettyBoundary.class);

    private NettyBoundary() {}

    /**
     * Runs {@code work}. What it throws is logged and given to {@code failOwner}, who fails for it alone; only errors
     * that leave the JVM unusable pass.
     *
     * @param name what is done, for the log
     */
    public static void run(String name, ThrowingRunnable<? extends Throwable> work, Consumer<Throwable> failOwner) {
        try {
            work.run();
        } catch (Throwable t) {
            ExceptionUtils.rethrowIfFatalErrorOrOOM(t);
            LOG.debug("Failed at the network boundary: work={}", name, t);
            failOwner.accept(t);
        }
    }
}
