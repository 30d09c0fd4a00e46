package io.holdfast.guard;

import io.holdfast.base.HoldfastException;
import io.holdfast.guard.cluster.Nodes;
import io.holdfast.guard.cluster.Pods;
import io.holdfast.guard.cluster.SeenPod;
import io.holdfast.guard.decide.Chore;
import io.holdfast.guard.decide.EvictionRecord;
import io.holdfast.guard.decide.HousekeepingPolicy;
import io.holdfast.guard.decide.NodeState;
import io.holdfast.guard.jobmanager.Moves;
import io.holdfast.guard.jobmanager.Moves.Progress;
import io.holdfast.guard.jobmanager.Moves.Withdrawal;
import io.holdfast.guard.jobmanager.Tenant;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks after evictions between their requests, on the replica that leads: takes moves back whose evictions were given up, tells
 * the descheduler of those that are over, and forgets. One thread, which is woken when a guarded pod changes.
 */
final class Housekeeping implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Housekeeping.class);
    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Pods pods;
    private final Nodes nodes;
    private final Moves moves;
    private final HousekeepingPolicy policy;
    private final Reporter reporter;
    private final BooleanSupplier leads;
    private final InstantSource clock;
    private final Semaphore wake = new Semaphore(0);
    private final Thread thread;
    private volatile int evictions;
    private String told = "";

    Housekeeping(
            Pods pods,
            Nodes nodes,
            Moves moves,
            HousekeepingPolicy policy,
            Reporter reporter,
            BooleanSupplier leads,
            InstantSource clock) {
        this.pods = pods;
        this.nodes = nodes;
        this.moves = moves;
        this.policy = policy;
        this.reporter = reporter;
        this.leads = leads;
        this.clock = clock;
        this.thread = new Thread(this::run, "holdfast-housekeeping");
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    void wake() {
        wake.release();
    }

    boolean alive() {
        return thread.isAlive();
    }

    /** How many evictions are remembered; 0 while another replica leads. */
    int evictions() {
        return evictions;
    }

    private void run() {
        try {
            while (true) {
                if (leads.getAsBoolean()) {
                    lead();
                }
                pause();
            }
        } catch (InterruptedException e) {
            LOG.debug("Housekeeping ended");
        }
    }

    private void pause() throws InterruptedException {
        if (wake.tryAcquire(POLL.toNanos(), TimeUnit.NANOSECONDS)) {
            wake.drainPermits();
        }
    }

    /** Until it leads no more. */
    private void lead() throws InterruptedException {
        try (Pods.Watched watched = pods.watch(this::wake)) {
            while (leads.getAsBoolean()) {
                List<SeenPod> held = watched.withRecord();
                evictions = held.size();
                Map<Optional<String>, NodeState> states = new HashMap<>(); // drained nodes have many pods
                for (SeenPod pod : held) {
                    tidied(pod, states);
                }
                pause();
            }
        } finally {
            evictions = 0;
        }
    }

    private void tidied(SeenPod pod, Map<Optional<String>, NodeState> states) throws InterruptedException {
        try {
            tidy(pod, states);
            told = "";
        } catch (HoldfastException e) {
            if (!told.equals(e.getMessage())) {
                told = e.getMessage();
                LOG.warn("Eviction not looked after: pod={}/{} reason={}", pod.namespace(), pod.name(), told);
            }
        } catch (RuntimeException e) {
            LOG.error("Eviction not looked after: pod={}/{}", pod.namespace(), pod.name(), e);
        }
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }

    private void tidy(SeenPod pod, Map<Optional<String>, NodeState> states) {
        if (!pod.state().running()) {
            return; // it takes its annotations with it
        }
        EvictionRecord record = pod.state().record().orElseThrow();
        Optional<Tenant> tenant = Tenants.of(pod);
        String move = record.move().orElse("");
        NodeState node = states.computeIfAbsent(pod.node(), nodes::state);
        Progress progress = tenant.filter(known -> policy.asksForTheMove(pod.state()))
                .map(known -> moves.progress(known.jobManagers(), move))
                .orElse(Progress.UNKNOWN);
        boolean over = progress == Progress.COMPLETED || progress == Progress.OVER;
        Chore chore = policy.chore(pod.state(), node, over, clock.instant());
        switch (chore) {
            case NOTHING -> {}
            case WITHDRAW -> withdraw(pod, tenant, move);
            case RELEASE -> release(pod, tenant);
            case SETTLE -> {
                if (remember(pod, Optional.of(policy.after(chore, record)))) {
                    reporter.settled(pod, move, progress == Progress.COMPLETED);
                }
            }
            case NOTE_CORDON -> remember(pod, Optional.of(policy.after(chore, record)));
            case FORGET -> remember(pod, Optional.empty());
        }
    }

    /** First the JobManager, so that a replica that dies in between leaves a record by which the next one does it. */
    private void withdraw(SeenPod pod, Optional<Tenant> tenant, String move) {
        Withdrawal withdrawal = tenant.map(known -> moves.withdraw(known, move)).orElse(Withdrawal.STAYS);
        boolean later = withdrawal == Withdrawal.UNKNOWN || withdrawal == Withdrawal.TOO_LATE;
        if (!later && remember(pod, Optional.empty())) {
            reporter.withdrawn(pod, move, withdrawal);
        }
    }

    /** The move is over, and the TaskManager may have tasks again. */
    private void release(SeenPod pod, Optional<Tenant> tenant) {
        Withdrawal withdrawal = tenant.map(moves::stay).orElse(Withdrawal.STAYS);
        boolean later = withdrawal == Withdrawal.UNKNOWN || withdrawal == Withdrawal.TOO_LATE;
        if (!later && remember(pod, Optional.empty())) {
            reporter.released(pod);
        }
    }

    /** If the pod has changed, the watch shows it soon, and all is decided anew. */
    private boolean remember(SeenPod pod, Optional<EvictionRecord> record) {
        boolean written = pods.remember(pod, record);
        if (!written) {
            reporter.conflict();
        }
        return written;
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join(PATIENCE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
