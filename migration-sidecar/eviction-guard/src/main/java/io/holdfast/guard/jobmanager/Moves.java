package io.holdfast.guard.jobmanager;

import io.holdfast.guard.decide.JobManagerSays;
import io.holdfast.migration.client.JobManagerException;
import io.holdfast.migration.client.JobManagerException.Kind;
import io.holdfast.migration.client.MoveClient;
import io.holdfast.migration.client.MoveRequest;
import io.holdfast.migration.client.MoveRequest.Scope;
import io.holdfast.migration.client.MoveState;
import io.holdfast.migration.client.MoveView;
import io.holdfast.migration.client.RegisteredTaskManager;
import java.net.URI;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Asks JobManagers for moves, and for no more at once than may be. The JobManager's list of moves decides about that, so that it
 * holds for all replicas and for moves that others asked for: whoever asks for a move looks at the list once more afterwards,
 * and if too many of those there are older, takes the own one back. A lock per JobManager keeps one replica from doing that to
 * itself; it is the only lock, and no other is taken under it.
 *
 * <p>Each call takes as long as the budget at most. Thread-safe.
 */
public final class Moves implements AutoCloseable {
    private static final int MOST_CLIENTS = 64;
    private static final int LOCKS = 64;
    private static final Duration LEAST = Duration.ofMillis(1);
    private static final String REMEDY =
            "Check the annotation %s of the pod, and that the guard may reach it".formatted(Addresses.JOBMANAGER_URL);

    /** The order in which moves were asked for, the same for all who look. */
    private static final Comparator<MoveView> AGE = Comparator.<MoveView>comparingLong(
                    move -> move.createdAt().orElse(Long.MAX_VALUE))
            .thenComparing(MoveView::id);

    private final Duration budget;
    private final int limit;
    private final Duration leavingFor;
    private final List<ReentrantLock> locks =
            IntStream.range(0, LOCKS).mapToObj(i -> new ReentrantLock()).toList();

    /** By addresses, the one that was used longest ago first. Guarded by itself. */
    private final Map<List<URI>, MoveClient> clients = new LinkedHashMap<>(16, 0.75f, true);

    /**
     * @param budget how long all that is asked for one eviction may take
     * @param limit how many moves of a JobManager may be under way at once
     * @param leavingFor how long a TaskManager counts as leaving after its move
     */
    public Moves(Duration budget, int limit, Duration leavingFor) {
        this.budget = budget;
        this.limit = limit;
        this.leavingFor = leavingFor;
    }

    /** How far a move is, as far as is known. */
    public enum Progress {
        UNDER_WAY,
        COMPLETED,
        /** It ended without moving what it should, or is not known any more. */
        OVER,
        /** Nobody answers. */
        UNKNOWN
    }

    /** How a move was taken back. */
    public enum Withdrawal {
        CANCELLED,
        /** It goes on, for others want it too. */
        WANTED_BY_OTHERS,
        /** It has ended, and the TaskManager stays. */
        STAYS,
        /** It goes on to its end; then the TaskManager can stay. */
        TOO_LATE,
        /** Nobody answers. */
        UNKNOWN
    }

    /** Starts the move, or joins the one that is under way. */
    public JobManagerSays start(Wish wish) {
        return asked(wish, false);
    }

    /** What {@link #start} would say, without doing it. */
    public JobManagerSays dryRun(Wish wish) {
        return asked(wish, true);
    }

    private JobManagerSays asked(Wish wish, boolean dryRun) {
        Budget left = new Budget(System.nanoTime() + budget.toNanos());
        try {
            MoveClient client = client(wish.tenant().jobManagers());
            Optional<String> taskManager = taskManager(client, wish.tenant(), left);
            if (taskManager.isEmpty()) {
                return new JobManagerSays.NoTaskManager();
            }
            return dryRun
                    ? looked(client, wish, taskManager.get(), left)
                    : ordered(client, wish, taskManager.get(), left);
        } catch (JobManagerException e) {
            return e.kind() == Kind.AWAY
                    ? new JobManagerSays.Away(e.getMessage())
                    : new JobManagerSays.Refused(e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new JobManagerSays.Away("the guard is ending");
        }
    }

    private static Optional<String> taskManager(MoveClient client, Tenant tenant, Budget left)
            throws InterruptedException {
        return tenant.taskManager().isPresent()
                ? tenant.taskManager()
                : MoveClient.ofPod(client.taskManagers(left.now()), tenant.podName(), tenant.podIp())
                        .map(RegisteredTaskManager::id);
    }

    private JobManagerSays looked(MoveClient client, Wish wish, String taskManager, Budget left)
            throws InterruptedException {
        List<MoveView> moves = client.list(left.now());
        Optional<MoveView> running = running(moves, wish, taskManager);
        if (running.isPresent()) {
            return moving(running.get());
        }
        Optional<JobManagerSays> failed = failed(moves, wish);
        if (failed.isPresent()) {
            return failed.get();
        }
        return idle(client, taskManager, left)
                ? new JobManagerSays.Moved()
                : busy(others(moves, taskManager)).orElseGet(JobManagerSays.WouldMove::new);
    }

    private JobManagerSays ordered(MoveClient client, Wish wish, String taskManager, Budget left)
            throws InterruptedException {
        ReentrantLock lock = locks.get(Math.floorMod(wish.tenant().jobManagers().hashCode(), LOCKS));
        if (!lock.tryLock(left.now().toNanos(), TimeUnit.NANOSECONDS)) {
            return new JobManagerSays.Away("other evictions still wait for its answer");
        }
        try {
            List<MoveView> moves = client.list(left.now());
            Optional<MoveView> running = running(moves, wish, taskManager);
            if (running.isPresent()) {
                return joined(client, wish, running.get(), taskManager, left);
            }
            Optional<JobManagerSays> failed = failed(moves, wish);
            if (failed.isPresent()) {
                return failed.get();
            }
            Optional<JobManagerSays> busy = busy(others(moves, taskManager));
            if (busy.isPresent()) {
                // A pod without tasks need not wait for others: it has no move to wait for.
                return idle(client, taskManager, left) ? new JobManagerSays.Moved() : busy.get();
            }
            Optional<MoveView> started =
                    started(client, wish, taskManager, wish.wholeNode() ? Scope.NODE : Scope.TASKMANAGER, left);
            if (started.isEmpty()) {
                return new JobManagerSays.NoTaskManager();
            }
            MoveView view = started.get();
            return view.state().ended() ? ended(view) : checkedAgain(client, wish, taskManager, view, left);
        } finally {
            lock.unlock();
        }
    }

    /** Others may have asked for it, and may withdraw: then it goes on for this pod's sake. */
    private JobManagerSays joined(MoveClient client, Wish wish, MoveView running, String taskManager, Budget left)
            throws InterruptedException {
        if (running.requesters().contains(wish.tenant().requester())) {
            return moving(running);
        }
        Optional<MoveView> view = started(client, wish, taskManager, Scope.TASKMANAGER, left);
        if (view.isEmpty()) {
            return new JobManagerSays.NoTaskManager();
        }
        return view.get().state().ended() ? ended(view.get()) : moving(view.get());
    }

    private static JobManagerSays moving(MoveView move) {
        return new JobManagerSays.Moving(move.id(), move.state().name());
    }

    /** Whether it has no tasks; also if it is not there. */
    private static boolean idle(MoveClient client, String taskManager, Budget left) throws InterruptedException {
        return client.taskManagers(left.now()).stream()
                .filter(one -> one.id().equals(taskManager))
                .allMatch(RegisteredTaskManager::idle);
    }

    /** Empty if there is no such TaskManager: the JobManager lists moves, so it is not moves that it does not know. */
    private Optional<MoveView> started(MoveClient client, Wish wish, String taskManager, Scope scope, Budget left)
            throws InterruptedException {
        MoveRequest request = new MoveRequest(
                List.of(taskManager),
                wish.reason(),
                wish.timeout().compareTo(LEAST) < 0 ? LEAST : wish.timeout(),
                scope,
                Optional.of(leavingFor));
        try {
            return Optional.of(client.start(request, wish.tenant().requester(), left.now()));
        } catch (JobManagerException e) {
            if (e.kind() == Kind.WITHOUT_MOVES) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static JobManagerSays ended(MoveView view) {
        return view.state() == MoveState.COMPLETED
                ? new JobManagerSays.Moved()
                : new JobManagerSays.MoveFailed(view.id(), said(view.id(), view.state(), view.detail()));
    }

    /** The move of this TaskManager that is under way, one that this pod is a requester of first. */
    private static Optional<MoveView> running(List<MoveView> moves, Wish wish, String taskManager) {
        return moves.stream()
                .filter(move -> !move.state().ended() && move.taskManagers().contains(taskManager))
                .min(Comparator.comparing(
                        move -> !move.requesters().contains(wish.tenant().requester())));
    }

    private static Optional<JobManagerSays> failed(List<MoveView> moves, Wish wish) {
        return moves.stream()
                .filter(move -> wish.lastMove().filter(move.id()::equals).isPresent())
                .filter(move -> move.state() == MoveState.FAILED)
                .findFirst()
                .map(Moves::ended);
    }

    private static String said(String id, MoveState state, String detail) {
        return "move %s ended as %s%s".formatted(id, state, detail.isBlank() ? "" : ": " + detail);
    }

    /** Another replica, or a sidecar, may have asked at the same time: all see the same list, and the older moves stay. */
    private JobManagerSays checkedAgain(MoveClient client, Wish wish, String taskManager, MoveView mine, Budget left)
            throws InterruptedException {
        List<MoveView> moves = client.list(left.now());
        Optional<JobManagerSays> busy = busy(others(moves, taskManager).filter(move -> AGE.compare(move, mine) < 0));
        return busy.isPresent()
                        && client.cancel(mine.id(), wish.tenant().requester(), left.now())
                                == MoveClient.Cancellation.CANCELLED
                ? busy.get()
                : moving(mine);
    }

    /** Moves of other TaskManagers that are under way. */
    private static Stream<MoveView> others(List<MoveView> moves, String taskManager) {
        return moves.stream()
                .filter(move -> !move.state().ended())
                .filter(move -> !move.taskManagers().contains(taskManager));
    }

    /** TaskManagers that leave with their node move together, and count as one. */
    private Optional<JobManagerSays> busy(Stream<MoveView> others) {
        List<MoveView> moving = others.toList();
        return moving.size() < limit
                ? Optional.empty()
                : Optional.of(new JobManagerSays.Busy(moving.stream()
                        .flatMap(move -> move.taskManagers().stream())
                        .distinct()
                        .sorted()
                        .collect(Collectors.joining(", "))));
    }

    /** Looks how far a move is. */
    public Progress progress(List<URI> jobManagers, String move) {
        try {
            MoveState state = client(jobManagers).get(move, budget).state();
            return !state.ended()
                    ? Progress.UNDER_WAY
                    : state == MoveState.COMPLETED ? Progress.COMPLETED : Progress.OVER;
        } catch (JobManagerException e) {
            return e.kind() == Kind.AWAY ? Progress.UNKNOWN : Progress.OVER;
        } catch (IllegalArgumentException e) { // what somebody wrote into the annotation is no id
            return Progress.OVER;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Progress.UNKNOWN;
        }
    }

    /** Takes a move back, as far as this pod is concerned; what has completed, by having the TaskManager stay. */
    public Withdrawal withdraw(Tenant tenant, String move) {
        Budget left = new Budget(System.nanoTime() + budget.toNanos());
        return withdrawn(() -> switch (client(tenant.jobManagers()).cancel(move, tenant.requester(), left.now())) {
            case CANCELLED -> Withdrawal.CANCELLED;
            case WANTED_BY_OTHERS -> Withdrawal.WANTED_BY_OTHERS;
            case TOO_LATE, UNKNOWN -> stayed(tenant, left);
        });
    }

    /** Has the JobManager use the TaskManager again, as far as this pod is concerned. */
    public Withdrawal stay(Tenant tenant) {
        return withdrawn(() -> stayed(tenant, new Budget(System.nanoTime() + budget.toNanos())));
    }

    private Withdrawal stayed(Tenant tenant, Budget left) throws InterruptedException {
        MoveClient client = client(tenant.jobManagers());
        Optional<String> taskManager = taskManager(client, tenant, left);
        if (taskManager.isEmpty()) {
            return Withdrawal.STAYS;
        }
        return client.stay(taskManager.get(), tenant.requester(), left.now()) == MoveClient.Staying.MOVING
                ? Withdrawal.TOO_LATE
                : Withdrawal.STAYS;
    }

    private interface Asking {
        Withdrawal ask() throws InterruptedException;
    }

    private static Withdrawal withdrawn(Asking asking) {
        try {
            return asking.ask();
        } catch (JobManagerException e) {
            return e.kind() == Kind.AWAY ? Withdrawal.UNKNOWN : Withdrawal.STAYS; // it will not do more
        } catch (IllegalArgumentException e) { // what somebody wrote into the annotation is no id
            return Withdrawal.STAYS;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Withdrawal.UNKNOWN;
        }
    }

    private MoveClient client(List<URI> jobManagers) {
        synchronized (clients) {
            MoveClient client = clients.get(jobManagers);
            if (client == null) {
                client = new MoveClient(jobManagers, budget, REMEDY);
                clients.put(jobManagers, client);
                if (clients.size() > MOST_CLIENTS) {
                    var oldest = clients.entrySet().iterator();
                    oldest.next().getValue().close(); // closes what is idle: calls under way end well
                    oldest.remove();
                }
            }
            return client;
        }
    }

    @Override
    public void close() {
        synchronized (clients) {
            clients.values().forEach(MoveClient::close);
            clients.clear();
        }
    }

    /** What is left of the time for one eviction; never nothing, for that would mean something else to the client. */
    private record Budget(long deadlineNanos) {
        Duration now() {
            Duration left = Duration.ofNanos(deadlineNanos - System.nanoTime());
            return left.compareTo(LEAST) < 0 ? LEAST : left;
        }
    }
}
