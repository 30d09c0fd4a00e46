package io.holdfast.guard;

import io.holdfast.guard.decide.Cause;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.DoubleSupplier;

/** Every meter of the eviction guard; docs/reference/metrics.md is checked against this class. */
final class GuardMetrics {
    static final String REQUEST = "holdfast.guard.request";
    static final String DRY_RUN = "holdfast.guard.dry.run";
    static final String ANSWER = "holdfast.guard.answer";
    static final String HELD = "holdfast.guard.held";
    static final String WITHDRAWN = "holdfast.guard.withdrawn";
    static final String CONFLICT = "holdfast.guard.conflict";
    static final String LEADER = "holdfast.guard.leader";
    static final String EVICTIONS = "holdfast.guard.evictions";
    static final String CERTIFICATE_LEFT = "holdfast.guard.certificate.left";
    static final String CERTIFICATE_FAILURE = "holdfast.guard.certificate.failure";

    private final Map<Cause, Counter> requests = new EnumMap<>(Cause.class);
    private final Counter dryRuns;
    private final Timer answers;
    private final Timer held;
    private final Counter withdrawn;
    private final Counter conflicts;
    private final Counter certificateFailures;
    private final MeterRegistry registry;

    GuardMetrics(MeterRegistry registry) {
        this.registry = registry;
        for (Cause cause : Cause.values()) { // all at once: a dashboard shows 0, not "no data"
            requests.put(
                    cause,
                    Counter.builder(REQUEST)
                            .description("Requests to evict a pod, by what they were told and why")
                            .tag("allowed", Boolean.toString(cause.allows()))
                            .tag("cause", cause.word())
                            .register(registry));
        }
        dryRuns = counter(DRY_RUN, "Requests that were a dry run");
        answers = timer(ANSWER, "From a request until its answer");
        held = timer(HELD, "From the first request of an eviction until it was allowed");
        withdrawn = counter(WITHDRAWN, "Evictions that were given up while their move was under way");
        conflicts = counter(CONFLICT, "Annotations that were not written, for the pod had changed meanwhile");
        certificateFailures =
                counter(CERTIFICATE_FAILURE, "Failed attempts to read, renew or announce the certificate");
    }

    /** Begins to show what is seen; before there is nothing to be seen. */
    void show(DoubleSupplier leader, DoubleSupplier evictions, DoubleSupplier certificateSeconds) {
        gauge(LEADER, "1 while this replica leads", null, leader);
        gauge(EVICTIONS, "Evictions that are remembered; 0 on replicas that do not lead", null, evictions);
        gauge(CERTIFICATE_LEFT, "Until the certificate expires; 0 without one", "seconds", certificateSeconds);
    }

    void answered(Cause cause, boolean dryRun, Duration took) {
        if (dryRun) {
            dryRuns.increment();
        } else {
            requests.get(cause).increment();
        }
        answers.record(took);
    }

    void undecided(Cause cause) {
        requests.get(cause).increment();
    }

    void allowedAfter(Duration since) {
        held.record(since);
    }

    void withdrawn() {
        withdrawn.increment();
    }

    void conflict() {
        conflicts.increment();
    }

    void certificateFailed() {
        certificateFailures.increment();
    }

    private Counter counter(String name, String description) {
        return Counter.builder(name).description(description).register(registry);
    }

    private Timer timer(String name, String description) {
        return Timer.builder(name).description(description).register(registry);
    }

    private void gauge(String name, String description, String unit, DoubleSupplier value) {
        Gauge.builder(name, value::getAsDouble)
                .description(description)
                .baseUnit(unit)
                .strongReference(true)
                .register(registry);
    }
}
