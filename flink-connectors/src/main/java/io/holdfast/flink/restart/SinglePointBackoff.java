package io.holdfast.flink.restart;

import org.apache.flink.runtime.executiongraph.failover.RestartBackoffTimeStrategy;

/**
 * Lets local restarts happen at once and uncounted, and hands everything else to the job's own restart strategy.
 * JobMaster main thread; Flink asks for the tasks to restart first, which decides which of the two it is.
 */
public final class SinglePointBackoff implements RestartBackoffTimeStrategy {

    private final RestartBackoffTimeStrategy stock;
    private final SinglePointRestart restart;

    /** JobMaster creation thread. */
    public SinglePointBackoff(RestartBackoffTimeStrategy stock, SinglePointRestart restart) {
        this.stock = stock;
        this.restart = restart;
    }

    @Override
    public boolean canRestart() {
        return restart.isLocal() || stock.canRestart();
    }

    @Override
    public long getBackoffTime() {
        return restart.isLocal() ? restart.delayMs() : stock.getBackoffTime();
    }

    @Override
    public boolean notifyFailure(Throwable cause) {
        return restart.isLocal() || stock.notifyFailure(cause);
    }

    @Override
    public String toString() {
        return "single-point restart, then " + stock;
    }
}
