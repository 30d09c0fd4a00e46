package io.holdfast.flink.autopartition;

import java.util.function.IntUnaryOperator;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.View;

/**
 * Every meter of automatic partitioning, in the task's metric group under {@code holdfast}, per edge and receiver;
 * {@code docs/reference/metrics.md} describes them. Read by any thread.
 */
public final class AutoPartitionMetrics {

    private AutoPartitionMetrics() {}

    /**
     * Task thread, once per edge.
     *
     * @param task group of the producing task
     * @param edge number of the output
     * @param credits of a receiver by its index; negative if it has none
     */
    public static void register(MetricGroup task, int edge, Receivers receivers, IntUnaryOperator credits) {
        MetricGroup group = task.addGroup("holdfast").addGroup("edge", String.valueOf(edge));
        Shares shares = new Shares(receivers);
        group.gauge("receivers", shares); // also keeps the shares up to date
        for (int i = 0; i < receivers.count(); i++) {
            int receiver = i;
            MetricGroup of = group.addGroup("receiver", String.valueOf(receiver));
            of.gauge("share", () -> shares.of(receiver));
            of.gauge("records", () -> receivers.records(receiver));
            of.gauge("credits", () -> credits.applyAsInt(receiver));
            of.gauge("serviceRate", () -> receivers.bytesPerSecond(receiver));
            of.gauge("weight", () -> receivers.effectiveWeight(receiver));
        }
    }

    /** What part of the records each receiver got between the last two updates, which Flink calls every 5 s. */
    static final class Shares implements Gauge<Integer>, View {

        private final Receivers receivers;
        private final long[] before;
        private final double[] shares;

        Shares(Receivers receivers) {
            this.receivers = receivers;
            before = new long[receivers.count()];
            shares = new double[receivers.count()];
        }

        /** Flink's metrics thread. */
        @Override
        public synchronized void update() {
            long all = 0;
            long[] now = new long[before.length];
            for (int i = 0; i < now.length; i++) {
                now[i] = receivers.records(i);
                all += now[i] - before[i];
            }
            for (int i = 0; i < now.length; i++) {
                shares[i] = all == 0 ? 0 : (double) (now[i] - before[i]) / all;
                before[i] = now[i];
            }
        }

        /** Any thread. How many receivers the edge has. */
        @Override
        public Integer getValue() {
            return before.length;
        }

        synchronized double of(int receiver) {
            return shares[receiver];
        }
    }
}
