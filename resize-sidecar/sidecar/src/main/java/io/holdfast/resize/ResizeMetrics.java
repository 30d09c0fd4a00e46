package io.holdfast.resize;

import io.holdfast.resize.plan.Outcome;
import io.holdfast.resize.plan.TaskManager;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/** Every meter of the resize sidecar; docs/reference/metrics.md is checked against this class. */
final class ResizeMetrics {
    static final String REQUEST = "holdfast.resize.request";
    static final String READY = "holdfast.resize.ready";
    static final String STEP_FAILURE = "holdfast.resize.step.failure";
    static final String GAVE_WAY = "holdfast.resize.heap.gave.way";
    static final String AGENT = "holdfast.resize.agent.connected";
    static final String UNDER_WAY = "holdfast.resize.under.way";
    static final String LIMIT = "holdfast.resize.limit";
    static final String USAGE = "holdfast.resize.usage";
    static final String HEAP_CEILING = "holdfast.resize.heap.ceiling";
    static final String HEAP_USED = "holdfast.resize.heap.used";
    static final String HEAP_RESERVED = "holdfast.resize.heap.reserved";
    static final String DIRECT_LIMIT = "holdfast.resize.direct.limit";
    static final String DIRECT_USED = "holdfast.resize.direct.used";
    static final String NETWORK_SIZE = "holdfast.resize.network.size";
    static final String NETWORK_USED = "holdfast.resize.network.used";

    private final Map<Outcome, Timer> requests = new EnumMap<>(Outcome.class);
    private final Timer ready;
    private final Counter stepFailures;
    private final MeterRegistry registry;
    private Supplier<Snapshot> shown; // meters of functions refer to it weakly

    ResizeMetrics(MeterRegistry registry) {
        this.registry = registry;
        for (Outcome outcome : Outcome.values()) { // all at once: a dashboard shows 0, not "no data"
            requests.put(
                    outcome,
                    Timer.builder(REQUEST)
                            .description("From the begin of a resize until it ended, by how it ended")
                            .tag("outcome", Reporter.word(outcome))
                            .register(registry));
        }
        ready = Timer.builder(READY)
                .description("From the begin of a shrink until the JVM lived by the smaller limit")
                .register(registry);
        stepFailures = Counter.builder(STEP_FAILURE)
                .description("Steps that were not done, of resizes that may have succeeded in the end")
                .register(registry);
    }

    /** Begins to show what is seen; before there is nothing to be seen. */
    void show(Supplier<Snapshot> snapshot) {
        shown = snapshot;
        gauge(
                AGENT,
                "1 while an agent answers",
                null,
                snapshot,
                seen -> seen.world().taskManager().isPresent() ? 1 : 0);
        gauge(
                UNDER_WAY,
                "1 while a resize is under way",
                null,
                snapshot,
                seen -> seen.operation().isPresent() ? 1 : 0);
        gauge(
                LIMIT,
                "Memory limit of the container; 0 if there is none",
                "bytes",
                snapshot,
                seen -> seen.world().limitBytes().orElse(0));
        gauge(
                USAGE,
                "What counts against it, page cache included",
                "bytes",
                snapshot,
                seen -> seen.world().usageBytes().orElse(0));
        ofJvm(HEAP_CEILING, "Ceiling of the heap", snapshot, jvm -> jvm.heap().ceilingBytes());
        ofJvm(
                HEAP_USED,
                "Heap in use, without the balloon",
                snapshot,
                jvm -> jvm.heap().usedBytes());
        ofJvm(
                HEAP_RESERVED,
                "Largest heap that the JVM was started for",
                snapshot,
                jvm -> jvm.heap().maxBytes());
        ofJvm(
                DIRECT_LIMIT,
                "Limit of direct memory",
                snapshot,
                jvm -> jvm.direct().limitBytes());
        ofJvm(DIRECT_USED, "Direct memory in use", snapshot, jvm -> jvm.direct().usedBytes());
        ofJvm(
                NETWORK_SIZE,
                "Network buffers; 0 where they cannot be resized",
                snapshot,
                jvm -> jvm.network().map(TaskManager.Network::sizeBytes).orElse(0L));
        ofJvm(
                NETWORK_USED,
                "Network buffers in use",
                snapshot,
                jvm -> jvm.network().map(TaskManager.Network::usedBytes).orElse(0L));
        FunctionCounter.builder(
                        GAVE_WAY,
                        shown,
                        supplier -> supplier.get()
                                .world()
                                .taskManager()
                                .map(jvm -> jvm.heap().gaveWay())
                                .orElse(0L))
                .description(
                        "How often the agent raised the ceiling itself, rather than have the JVM run out of memory")
                .register(registry);
    }

    void ended(Outcome outcome, long nanos) {
        requests.get(outcome).record(Duration.ofNanos(nanos));
    }

    void ready(long nanos) {
        ready.record(Duration.ofNanos(nanos));
    }

    void stepFailed() {
        stepFailures.increment();
    }

    private void ofJvm(
            String name, String description, Supplier<Snapshot> snapshot, ToLongFunction<TaskManager> value) {
        gauge(
                name,
                description + "; 0 while no agent answers",
                "bytes",
                snapshot,
                seen -> seen.world().taskManager().map(value::applyAsLong).orElse(0L));
    }

    private void gauge(
            String name, String description, String unit, Supplier<Snapshot> snapshot, ToLongFunction<Snapshot> value) {
        Gauge.builder(name, () -> value.applyAsLong(snapshot.get()))
                .description(description)
                .baseUnit(unit)
                .register(registry);
    }
}
