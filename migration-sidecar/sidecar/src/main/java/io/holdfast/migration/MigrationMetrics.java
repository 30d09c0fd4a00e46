package io.holdfast.migration;

import io.holdfast.migration.plan.Cause;
import io.holdfast.migration.plan.Outcome;
import io.holdfast.migration.plan.Phase;
import io.holdfast.migration.plan.Result.Trouble;
import io.holdfast.migration.state.StateAnswer;
import io.holdfast.migration.state.StateMeters;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** Every meter of the migration sidecar; docs/reference/metrics.md is checked against this class. */
final class MigrationMetrics implements StateMeters {
    static final String NOTICE = "holdfast.migration.notice";
    static final String MOVE = "holdfast.migration.move";
    static final String HELD = "holdfast.migration.held";
    static final String CALL_FAILURE = "holdfast.migration.call.failure";
    static final String MOVE_FAILURE = "holdfast.migration.move.failure";
    static final String SOURCE_FAILURE = "holdfast.migration.source.failure";
    static final String NOTICES = "holdfast.migration.notices";
    static final String UNDER_WAY = "holdfast.migration.under.way";
    static final String EMPTY = "holdfast.migration.empty";
    static final String STATE_ANSWER = "holdfast.migration.state.answer";
    static final String STATE_SENT = "holdfast.migration.state.sent";
    static final String STATE_CHECKSUM = "holdfast.migration.state.checksum";

    private final Map<Cause, Counter> notices = new EnumMap<>(Cause.class);
    private final Map<Outcome, Timer> moves = new EnumMap<>(Outcome.class);
    private final Map<Trouble, Counter> callFailures = new EnumMap<>(Trouble.class);
    private final Map<Cause, Counter> sourceFailures = new EnumMap<>(Cause.class);
    private final Map<StateAnswer, Counter> stateAnswers = new EnumMap<>(StateAnswer.class);
    private final Counter stateSent;
    private final Counter stateChecksums;
    private final Counter moveFailures;
    private final Timer held;
    private final MeterRegistry registry;

    MigrationMetrics(MeterRegistry registry) {
        this.registry = registry;
        for (Cause cause : Cause.values()) { // all at once: a dashboard shows 0, not "no data"
            notices.put(
                    cause,
                    Counter.builder(NOTICE)
                            .description("Notices that were heard, by who said so")
                            .tag("cause", MigrationSettings.word(cause))
                            .register(registry));
        }
        for (Outcome outcome : Outcome.values()) {
            moves.put(
                    outcome,
                    Timer.builder(MOVE)
                            .description("From the first notice until the tasks had left, or it ended otherwise")
                            .tag("outcome", MigrationSettings.word(outcome))
                            .register(registry));
        }
        for (Trouble trouble : Trouble.values()) {
            callFailures.put(
                    trouble,
                    Counter.builder(CALL_FAILURE)
                            .description("Calls of the JobManager that did not help, by why")
                            .tag("cause", MigrationSettings.word(trouble))
                            .register(registry));
        }
        for (MigrationConfig.Cloud cloud : MigrationConfig.Cloud.values()) {
            sourceFailures.put(
                    Cause.valueOf(cloud.name()),
                    Counter.builder(SOURCE_FAILURE)
                            .description("How often a metadata server could not be asked")
                            .tag("source", MigrationSettings.word(cloud))
                            .register(registry));
        }
        for (StateAnswer answer : StateAnswer.values()) {
            stateAnswers.put(
                    answer,
                    Counter.builder(STATE_ANSWER)
                            .description("Requests for local state, by what became of them")
                            .tag("outcome", MigrationSettings.word(answer))
                            .register(registry));
        }
        stateSent = Counter.builder(STATE_SENT)
                .description("Bytes of local state in answers that were sent to their end")
                .baseUnit("bytes")
                .register(registry);
        stateChecksums = Counter.builder(STATE_CHECKSUM)
                .description("Files of local state that were read for their checksum")
                .register(registry);
        moveFailures = Counter.builder(MOVE_FAILURE)
                .description("Moves that the JobManager gave up, of which a later one may have succeeded")
                .register(registry);
        held = Timer.builder(HELD)
                .description("How long the end of the pod was held up")
                .register(registry);
    }

    /** Begins to show what is seen; before there is nothing to be seen. */
    void show(Supplier<Snapshot> snapshot) {
        gauge(
                NOTICES,
                "Notices that are there",
                snapshot,
                seen -> seen.notices().size());
        gauge(
                UNDER_WAY,
                "1 while a move is asked for or under way",
                snapshot,
                seen -> seen.phase() == Phase.ASKING || seen.phase() == Phase.MOVING ? 1 : 0);
        gauge(
                EMPTY,
                "1 while the TaskManager is empty, and kept so",
                snapshot,
                seen -> seen.phase() == Phase.MOVED ? 1 : 0);
    }

    private void gauge(String name, String description, Supplier<Snapshot> snapshot, ToDoubleFunction<Snapshot> value) {
        Gauge.builder(name, () -> value.applyAsDouble(snapshot.get()))
                .description(description)
                .register(registry);
    }

    void heard(Cause cause) {
        notices.get(cause).increment();
    }

    void ended(Outcome outcome, long nanos) {
        moves.get(outcome).record(Duration.ofNanos(nanos));
    }

    void held(long nanos) {
        held.record(Duration.ofNanos(nanos));
    }

    void callFailed(Trouble trouble) {
        callFailures.get(trouble).increment();
    }

    void moveFailed() {
        moveFailures.increment();
    }

    @Override
    public void answered(StateAnswer answer) {
        stateAnswers.get(answer).increment();
    }

    @Override
    public void sent(long bytes) {
        stateSent.increment(bytes);
    }

    @Override
    public void checksummed() {
        stateChecksums.increment();
    }

    void sourceFailed(Cause cause) {
        sourceFailures.get(cause).increment();
    }
}
