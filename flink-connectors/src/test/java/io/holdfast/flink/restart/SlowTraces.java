package io.holdfast.flink.restart;

import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.traces.Span;
import org.apache.flink.traces.reporter.TraceReporter;
import org.apache.flink.traces.reporter.TraceReporterFactory;

/**
 * A reporter of traces that takes its time. Flink reports a checkpoint when it is in the store, and before it tells tasks and
 * coordinators that it has completed.
 */
public final class SlowTraces implements TraceReporter {

    private static final long NANOS = TimeUnit.MILLISECONDS.toNanos(150);

    /** Flink finds it as a service. */
    public static final class Factory implements TraceReporterFactory {
        @Override
        public TraceReporter createTraceReporter(Properties properties) {
            return new SlowTraces();
        }
    }

    /** Has a cluster use it. */
    static Configuration configure(Configuration configuration) {
        configuration.setString("traces.reporters", "slow");
        configuration.setString("traces.reporter.slow.factory.class", Factory.class.getName());
        return configuration;
    }

    @Override
    public void open(MetricConfig config) {}

    @Override
    public void close() {}

    @Override
    public void notifyOfAddedSpan(Span span) {
        LockSupport.parkNanos(NANOS);
    }
}
