package io.holdfast.flink.restart;

import io.holdfast.flink.restart.Incident.HitTask;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.Execution;
import org.apache.flink.runtime.executiongraph.ExecutionVertex;
import org.apache.flink.runtime.executiongraph.failover.FailoverStrategy;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.jobmanager.scheduler.NoResourceAvailableException;
import org.apache.flink.runtime.scheduler.ClusterDatasetCorruptedException;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;
import org.apache.flink.runtime.shuffle.HoldfastCommand.ConsumerFinished;
import org.apache.flink.runtime.shuffle.HoldfastCommand.ConsumerLost;
import org.apache.flink.runtime.shuffle.HoldfastCommand.ProducerAt;
import org.apache.flink.runtime.shuffle.HoldfastCommand.ProducerLost;
import org.apache.flink.runtime.shuffle.HoldfastReport;
import org.apache.flink.runtime.taskmanager.TaskManagerLocation;
import org.apache.flink.util.ExceptionUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Single-point restart of one job: says which failures are answered by restarting the failed task alone, tells the
 * neighbours, sees to it that every channel finds the new attempt, and keeps the ledger. JobMaster main thread only.
 */
public final class SinglePointRestart {

    private static final Logger LOG = LoggerFactory.getLogger(SinglePointRestart.class);

    private static final long TICK_MS = 250;
    /** Between two attempts to get a slot where none came in time. */
    private static final long NO_SLOT_DELAY_MS = 1_000;
    /** Failures of one TaskManager's tasks that come within this time are one incident. */
    private static final long SAME_INCIDENT_MS = 2_000;

    /** A task that waits for its restart. */
    private record Hit(HitTask task, Incident incident, boolean slotLost) {}

    private final RestartSettings settings;
    private final RestartPolicy policy;
    private final LossLedger ledger;
    private final Attachments attachments;
    private final Topology topology = new Topology();
    private final Map<ExecutionVertexID, Hit> hit = new HashMap<>();
    private final List<Hit> toAnnounce = new ArrayList<>();
    private RestartHost host;
    private RestartMetrics metrics;
    private String disabled;
    /** Why what is counted as lost is an upper bound; null if it is exact. */
    private String bound;

    private Set<JobVertexID> commitPath = Set.of();
    private boolean local;
    /** Which tasks restart with their region since the job was last RUNNING. */
    private Predicate<ExecutionVertexID> together = none -> false;

    private long delayMs;
    private Execution slotLostBy;
    private boolean ticking;
    /** Every checkpoint up to this id was aborted by the last failure, if it had not completed. */
    private long fence = -1;

    /** JobMaster creation thread. */
    public SinglePointRestart(RestartSettings settings) {
        this.settings = settings;
        this.policy = new RestartPolicy(settings.maxFailures(), settings.failureWindowMs());
        this.ledger = new LossLedger(settings.maxIncidents());
        this.attachments = new Attachments(settings.attachTimeoutMs());
    }

    /** JobMaster creation thread, when the scheduler exists. */
    public void start(RestartHost owner, MetricGroup group) {
        host = owner;
        topology.start(owner);
        metrics = new RestartMetrics(group);
    }

    /** From now on every failure falls back, for {@code reason}. */
    public void disable(String reason) {
        disabled = reason;
        ledger.fellBack(reason, System.currentTimeMillis());
        LOG.warn("Single-point restart is off for this job: job={} reason={}", host.jobId(), reason);
    }

    /** A restored state may contain more than lies before the checkpoint's barrier: lost is an upper bound from now on. */
    public void countAtMost(String reason) {
        bound = reason;
    }

    /** Failures of {@code vertices} fall back: committables travel between them. */
    public void keepTogether(Set<JobVertexID> vertices) {
        commitPath = vertices;
        if (!vertices.isEmpty()) {
            LOG.info(
                    "Tasks of a sink whose committables travel over the network restart with their region: job={}"
                            + " vertices={}",
                    host.jobId(),
                    vertices.size());
        }
    }

    /** The job ends, or this JobMaster does. */
    public void stop() {
        attachments.clear();
        hit.clear();
    }

    // ------------------------------------------------------------------ a task fails

    /** Whether the failure that is being handled is answered locally. */
    public boolean isLocal() {
        return local;
    }

    /** Time until the restart that is being decided, in milliseconds. */
    long delayMs() {
        return delayMs;
    }

    /** Which tasks restart for a failure: the failed one, or what {@code stock} says. */
    public FailoverStrategy failover(FailoverStrategy stock) {
        return (vertex, cause) -> {
            if (local) {
                return Set.of(vertex);
            }
            Set<ExecutionVertexID> region = stock.getTasksNeedingRestart(vertex, cause);
            restartTogether(region::contains); // tasks of other regions go on with restarts of their own
            return region;
        };
    }

    /** {@code execution} is about to fail; {@code lost} if its TaskManager did not say so itself. */
    public void slotLost(Execution execution, boolean lost) {
        slotLostBy = lost ? execution : null;
    }

    /** {@code failed} has failed; decides how that is answered. */
    public void failed(Execution failed, Throwable error, Optional<String> now) {
        ExecutionVertexID vertex = failed.getVertex().getID();
        boolean slotLost = failed == slotLostBy;
        slotLostBy = null;
        if (!host.isRunning()) { // a region restarts, or the job ends
            local = false;
            if (!together.test(vertex)) {
                fellBack("another region of the job was restarting");
            }
            return;
        }
        together = none -> false;
        boolean noSlot = ExceptionUtils.findThrowable(error, NoResourceAvailableException.class)
                .isPresent();
        Optional<String> against = now.or(() -> reasonAgainst(vertex, error, noSlot));
        local = against.isEmpty();
        if (!local) {
            fellBack(against.get());
            return;
        }
        fence = host.lastCheckpointId();
        delayMs = noSlot ? Math.max(NO_SLOT_DELAY_MS, settings.delayMs()) : settings.delayMs();
        Hit waiting = hit.get(vertex);
        if (noSlot && waiting != null) { // it is still the same loss
            return;
        }
        hit(failed, error, slotLost);
    }

    private Optional<String> reasonAgainst(ExecutionVertexID vertex, Throwable error, boolean noSlot) {
        if (disabled != null) {
            return Optional.of(disabled);
        }
        if (ExceptionUtils.findThrowable(error, ClusterDatasetCorruptedException.class)
                .isPresent()) {
            return Optional.of("a cached data set is corrupted");
        }
        if (commitPath.contains(vertex.getJobVertexId())) {
            return Optional.of("a sink's committables travel over the network to or from the failed task");
        }
        return noSlot ? Optional.empty() : policy.failed(vertex, System.nanoTime() / 1_000_000);
    }

    private void hit(Execution failed, Throwable error, boolean slotLost) {
        ExecutionVertexID vertex = failed.getVertex().getID();
        long now = System.currentTimeMillis();
        TaskManagerLocation location = failed.getAssignedResourceLocation();
        String taskManager = location == null ? "" : location.getResourceID().toString();
        HitTask task = new HitTask(
                vertex, failed.getVertex().getJobVertex().getName(), failed.getAttemptNumber(), taskManager, now);
        Incident incident = incidentOf(taskManager, slotLost, now)
                .orElseGet(() -> ledger.open(slotLost ? "task-manager" : "task", firstLine(error), now));
        incident.tasks.add(task);
        if (bound != null) {
            incident.inexact(bound);
        }
        Hit entry = new Hit(task, incident, slotLost);
        Hit before = hit.put(vertex, entry);
        if (before != null) {
            ledger.failedAgain(before.incident, before.task, now);
        }
        ledger.superseded(attachments.drop(vertex), now);
        if (toAnnounce.isEmpty()) {
            host.execute(this::announceLosses); // after all failures that this one came with
        }
        toAnnounce.add(entry);
        metrics.publish(ledger, hit.size());
        LOG.info(
                "Task lost, restarting it alone: incident={} task={} attempt={} taskManager={} cause={}",
                incident.id,
                failed.getVertex().getTaskNameWithSubtaskIndex(),
                failed.getAttemptNumber(),
                taskManager,
                firstLine(error));
    }

    /**
     * {@code executions} are stopped on purpose, where a checkpoint has completed that they have stopped at; they start
     * again from it. Producers keep what comes behind it, so they are not told of a loss.
     */
    public void moving(Collection<Execution> executions, String reason) {
        long now = System.currentTimeMillis();
        fence = host.lastCheckpointId();
        Incident incident = ledger.open(Incident.MOVE, reason, now);
        Outbox outbox = new Outbox(host);
        for (Execution execution : executions) {
            ExecutionVertex vertex = execution.getVertex();
            HitTask task = new HitTask(
                    vertex.getID(),
                    vertex.getJobVertex().getName(),
                    execution.getAttemptNumber(),
                    execution.getAssignedResourceLocation().getResourceID().toString(),
                    now);
            incident.tasks.add(task);
            hit.put(vertex.getID(), new Hit(task, incident, false));
            ledger.superseded(attachments.drop(vertex.getID()), now);
            topology.outputs(vertex)
                    .forEach(pair -> outbox.add(
                            host.vertex(pair.consumer()).getCurrentExecutionAttempt(),
                            new ProducerLost(pair.partition(), task.attempt, fence)));
        }
        outbox.send();
        metrics.publish(ledger, hit.size());
    }

    /** Why {@code vertices} are not restarted without the rest of their region; empty if they are. */
    public Optional<String> reasonAgainst(Collection<ExecutionVertexID> vertices) {
        if (disabled != null) {
            return Optional.of(disabled);
        }
        return vertices.stream().anyMatch(vertex -> commitPath.contains(vertex.getJobVertexId()))
                ? Optional.of("a sink's committables travel over the network to or from one of them")
                : Optional.empty();
    }

    private Optional<Incident> incidentOf(String taskManager, boolean slotLost, long now) {
        return slotLost
                ? hit.values().stream()
                        .filter(other -> other.slotLost
                                && other.task.taskManager.equals(taskManager)
                                && now - other.incident.at < SAME_INCIDENT_MS)
                        .map(Hit::incident)
                        .findFirst()
                : Optional.empty();
    }

    /** The first line of what {@code error} says. */
    public static String firstLine(Throwable error) {
        String text = error == null ? "unknown" : String.valueOf(ExceptionUtils.stripCompletionException(error));
        int end = text.indexOf('\n');
        return end < 0 ? text : text.substring(0, end);
    }

    /** Whoever talks to a lost task is told to stop, now that all tasks lost with it are known. */
    private void announceLosses() {
        Outbox outbox = new Outbox(host);
        List<Hit> losses = new ArrayList<>(toAnnounce);
        toAnnounce.clear();
        for (Hit entry : losses) {
            ExecutionVertex vertex = host.vertex(entry.task.vertex);
            topology.outputs(vertex)
                    .forEach(pair -> outbox.add(
                            host.vertex(pair.consumer()).getCurrentExecutionAttempt(),
                            new ProducerLost(pair.partition(), entry.task.attempt, fence)));
            if (entry.slotLost) { // a task that fails on a live TaskManager closes its channels itself
                topology.inputs(vertex)
                        .forEach(pair -> outbox.add(
                                topology.producerOf(pair).getCurrentExecutionAttempt(),
                                new ConsumerLost(pair.partition(), topology.subpartition(pair))));
            }
        }
        outbox.send();
    }

    /** Everybody restarts, for {@code reason}. */
    public void failedGlobally(String reason) {
        local = false;
        if (host.isRunning()) {
            fellBack(reason);
        }
        restartTogether(vertex -> true);
    }

    private void fellBack(String reason) {
        ledger.fellBack(reason, System.currentTimeMillis());
        metrics.fellBack();
    }

    private void restartTogether(Predicate<ExecutionVertexID> tasks) {
        together = together.or(tasks);
        attachments.drop(tasks);
        hit.keySet().removeIf(tasks);
        toAnnounce.removeIf(entry -> tasks.test(entry.task.vertex));
        ledger.restartTogether(tasks, System.currentTimeMillis());
        metrics.publish(ledger, hit.size());
    }

    // ------------------------------------------------------------------ it restarts

    /** Whether all of {@code vertices} wait for a restart of their own. */
    public boolean restartsAlone(Set<ExecutionVertexID> vertices) {
        return hit.keySet().containsAll(vertices);
    }

    /** {@code fresh} will start with the state of checkpoint {@code restored}. */
    public void restored(Execution fresh, OptionalLong restored) {
        fence = Math.max(fence, host.lastCheckpointId());
        Hit entry = hit.get(fresh.getVertex().getID());
        ledger.restarted(entry.task, fresh.getAttemptNumber(), restored, entry.incident);
    }

    /** {@code fresh} was handed to its TaskManager, and told where its producers are. */
    public void deployed(Execution fresh) {
        ExecutionVertex vertex = fresh.getVertex();
        Hit entry = hit.get(vertex.getID());
        if (entry == null) {
            return;
        }
        long now = System.currentTimeMillis();
        for (Pair pair : topology.inputs(vertex)) {
            ExecutionVertex producer = topology.producerOf(pair);
            expect(pair, producer, entry.incident, now);
        }
        for (Pair pair : topology.outputs(vertex)) {
            ExecutionState consumer = host.vertex(pair.consumer()).getExecutionState();
            if (consumer == ExecutionState.DEPLOYING
                    || consumer == ExecutionState.INITIALIZING
                    || consumer == ExecutionState.RUNNING) {
                expect(pair, vertex, entry.incident, now);
            }
        }
        sendLocations(topology.outputs(vertex));
        tickLater();
    }

    private void expect(Pair pair, ExecutionVertex producer, Incident incident, long now) {
        attachments.expect(
                pair, producer.getID(), producer.getCurrentExecutionAttempt().getAttemptNumber(), now);
        ledger.await(incident, pair);
    }

    /** {@code execution} has changed its state. */
    public void updated(Execution execution) {
        ExecutionVertexID vertex = execution.getVertex().getID();
        switch (execution.getState()) {
            case INITIALIZING -> {
                sendLocations(attachments.of(vertex));
                tellOfAbsentConsumers(execution);
            }
            case RUNNING -> {
                sendLocations(attachments.of(vertex));
                tellOfAbsentConsumers(execution);
                running(vertex);
            }
            case FINISHED -> {
                running(vertex);
                List<Pair> asConsumer = attachments.of(vertex);
                asConsumer.forEach(attachments::remove);
                ledger.superseded(asConsumer, System.currentTimeMillis());
                metrics.publish(ledger, hit.size());
                finished(execution.getVertex());
            }
            default -> {
                // failures come another way
            }
        }
    }

    private void running(ExecutionVertexID vertex) {
        Hit entry = hit.remove(vertex);
        if (entry != null) {
            long now = System.currentTimeMillis();
            ledger.running(entry.incident, entry.task, now);
            metrics.restarted(now - entry.task.failedAt);
            host.abortPendingCheckpoints(); // one may have been begun across the failure, and wait for the lost attempt
            metrics.publish(ledger, hit.size());
            if (hit.isEmpty()) {
                host.allRunAgain();
            }
        }
    }

    /** Nobody will read from {@code consumer}'s producers for it again, and partitions that all have done with can go. */
    private void finished(ExecutionVertex consumer) {
        Outbox outbox = new Outbox(host);
        for (Pair pair : topology.inputs(consumer)) {
            ExecutionVertex producer = topology.producerOf(pair);
            if (producer.getCurrentExecutionAttempt().getAttemptNumber() > 0) {
                outbox.add(
                        producer.getCurrentExecutionAttempt(),
                        new ConsumerFinished(pair.partition(), topology.subpartition(pair)));
            }
            topology.releaseIfDone(producer);
        }
        outbox.send();
        topology.releaseIfDone(consumer);
    }

    /** A restarted producer must not wait for consumers that are not there. */
    private void tellOfAbsentConsumers(Execution producer) {
        if (producer.getAttemptNumber() == 0) {
            return;
        }
        Outbox outbox = new Outbox(host);
        for (Pair pair : topology.outputs(producer.getVertex())) {
            switch (host.vertex(pair.consumer()).getExecutionState()) {
                case FINISHED ->
                    outbox.add(producer, new ConsumerFinished(pair.partition(), topology.subpartition(pair)));
                case CREATED, SCHEDULED, FAILED, CANCELED ->
                    outbox.add(producer, new ConsumerLost(pair.partition(), topology.subpartition(pair)));
                default -> {
                    // it attaches
                }
            }
        }
        outbox.send();
    }

    private void sendLocations(Iterable<Pair> pairs) {
        Outbox outbox = new Outbox(host);
        for (Pair pair : pairs) {
            topology.location(pair)
                    .ifPresent(location -> outbox.add(
                            host.vertex(pair.consumer()).getCurrentExecutionAttempt(),
                            new ProducerAt(location, fence)));
        }
        outbox.send();
    }

    // ------------------------------------------------------------------ it is attached

    /**
     * A gate reports what its channels did, or asks with an empty report whether it may go on.
     *
     * @return whether the reporting attempt is its task's current one; another is not listened to
     */
    public boolean reported(HoldfastReport report) {
        ExecutionVertexID consumer = report.consumer().getExecutionVertexId();
        if (!isCurrent(report, consumer)) {
            return false;
        }
        long now = System.currentTimeMillis();
        boolean committablesMissing = false;
        for (HoldfastReport.Attached channel : report.channels()) {
            Pair pair = new Pair(channel.partition(), consumer);
            ExecutionVertexID producer = topology.producerOf(pair).getID();
            attachments.attached(pair, channel.attempt());
            Incident booked = ledger.attached(pair, report.consumer().getAttemptNumber(), producer, channel, now);
            committablesMissing |=
                    booked != null && !booked.isCleanMove() && commitPath.contains(producer.getJobVertexId());
        }
        metrics.publish(ledger, hit.size());
        if (committablesMissing && host.isRunning()) { // a connection broke, or a finished writer is gone
            host.fallBack("a sink's committables were lost on their way to subtask "
                    + host.vertex(consumer).getTaskNameWithSubtaskIndex());
        }
        return true;
    }

    private boolean isCurrent(HoldfastReport report, ExecutionVertexID consumer) {
        return host.vertex(consumer).getCurrentExecutionAttempt().getAttemptId().equals(report.consumer());
    }

    /** Checkpoint {@code id} has completed. */
    public void checkpointCompleted(long id) {
        ledger.completed(id);
    }

    private void tickLater() {
        if (!ticking) {
            ticking = true;
            host.schedule(this::tick, TICK_MS);
        }
    }

    private void tick() {
        ticking = false;
        if (attachments.isEmpty()) {
            return;
        }
        if (!host.isRunning()) { // another region restarts; what is expected in this one still is
            tickLater();
            return;
        }
        long now = System.currentTimeMillis();
        List<Pair> repeat = attachments.toRepeat(now, this::runs);
        if (!repeat.isEmpty()) {
            LOG.info("Channels have not attached, telling them again: channels={}", repeat.size());
            sendLocations(repeat);
        }
        Optional<Pair> late = attachments.tooLate(now);
        if (late.isPresent()) {
            host.fallBack("subtask %s did not attach to its producer within %d ms; holdfast.restart.attach-timeout"
                    .formatted(
                            host.vertex(late.get().consumer()).getTaskNameWithSubtaskIndex(),
                            settings.attachTimeoutMs()));
            return;
        }
        tickLater();
    }

    private boolean runs(ExecutionVertexID vertex) {
        ExecutionState state = host.vertex(vertex).getExecutionState();
        return state == ExecutionState.RUNNING || state == ExecutionState.FINISHED;
    }

    /** The ledger as REST shows it. */
    public LinkedHashMap<String, Serializable> view() {
        return LedgerView.of(ledger, topology);
    }
}
