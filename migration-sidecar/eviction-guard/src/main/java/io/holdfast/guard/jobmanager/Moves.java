package io.holdfast.guard.jobmanager;

import io.holdfast.guard.decide.JobManagerSays;
import io.holdfast.guard.jobmanager.Listing.AwayException;
import io.holdfast.guard.jobmanager.Listing.RefusedException;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import okhttp3.OkHttpClient;

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

    private final Duration budget;
    private final int limit;
    private final Duration leavingFor;
    private final Listing listing;
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
        this.listing = new Listing(new OkHttpClient.Builder()
                .connectTimeout(budget)
                .readTimeout(budget)
                .followRedirects(false)
                .build());
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
        /** It goes on to its end, or is at it. */
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
            MoveClient client = client(wish.jobManagers());
            Optional<String> taskManager = wish.taskManager().isPresent()
                    ? wish.taskManager()
                    : MoveClient.ofPod(client.taskManagers(left.now()), wish.podName(), wish.podIp())
                            .map(RegisteredTaskManager::id);
            if (taskManager.isEmpty()) {
                return new JobManagerSays.NoTaskManager();
            }
            return dryRun ? looked(wish, taskManager.get(), left) : ordered(client, wish, taskManager.get(), left);
        } catch (JobManagerException e) {
            return e.kind() == Kind.AWAY
                    ? new JobManagerSays.Away(e.getMessage())
                    : new JobManagerSays.Refused(e.getMessage());
        } catch (AwayException e) {
            return new JobManagerSays.Away(e.getMessage());
        } catch (RefusedException e) {
            return new JobManagerSays.Refused(e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new JobManagerSays.Away("the guard is ending");
        }
    }

    private JobManagerSays looked(Wish wish, String taskManager, Budget left) throws AwayException, RefusedException {
        List<ListedMove> moves = listing.moves(wish.jobManagers(), left.now());
        Optional<JobManagerSays> known = known(moves, wish, taskManager);
        if (known.isPresent()) {
            return known.get();
        }
        return listing.idle(wish.jobManagers(), taskManager, left.now())
                ? new JobManagerSays.Moved()
                : busy(others(moves, taskManager)).orElseGet(JobManagerSays.WouldMove::new);
    }

    private JobManagerSays ordered(MoveClient client, Wish wish, String taskManager, Budget left)
            throws InterruptedException, AwayException, RefusedException {
        ReentrantLock lock = locks.get(Math.floorMod(wish.jobManagers().hashCode(), LOCKS));
        if (!lock.tryLock(left.now().toNanos(), TimeUnit.NANOSECONDS)) {
            return new JobManagerSays.Away("other evictions still wait for its answer");
        }
        try {
            List<ListedMove> moves = listing.moves(wish.jobManagers(), left.now());
            Optional<JobManagerSays> known = known(moves, wish, taskManager);
            if (known.isPresent()) {
                return known.get();
            }
            Optional<JobManagerSays> busy = busy(others(moves, taskManager));
            if (busy.isPresent()) {
                // A pod without tasks need not wait for others: it has no move to wait for.
                return listing.idle(wish.jobManagers(), taskManager, left.now())
                        ? new JobManagerSays.Moved()
                        : busy.get();
            }
            Optional<MoveView> started = started(
                    client,
                    new MoveRequest(
                            List.of(taskManager),
                            wish.reason(),
                            wish.timeout().compareTo(LEAST) < 0 ? LEAST : wish.timeout(),
                            wish.wholeNode() ? Scope.NODE : Scope.TASKMANAGER,
                            Optional.of(leavingFor)),
                    left);
            if (started.isEmpty()) {
                return new JobManagerSays.NoTaskManager();
            }
            MoveView view = started.get();
            return view.state().ended() ? ended(view) : checkedAgain(client, wish, taskManager, view, left);
        } finally {
            lock.unlock();
        }
    }

    /** Empty if there is no such TaskManager: the JobManager lists moves, so it is not moves that it does not know. */
    private static Optional<MoveView> started(MoveClient client, MoveRequest request, Budget left)
            throws InterruptedException {
        try {
            return Optional.of(client.start(request, left.now()));
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

    /** What the list alone says about this TaskManager. */
    private static Optional<JobManagerSays> known(List<ListedMove> moves, Wish wish, String taskManager) {
        Optional<JobManagerSays> moving = moves.stream()
                .filter(move -> !move.state().ended() && move.taskManagers().contains(taskManager))
                .findFirst()
                .map(move -> new JobManagerSays.Moving(move.id(), move.state().name()));
        return moving.isPresent()
                ? moving
                : moves.stream()
                        .filter(move ->
                                wish.lastMove().filter(move.id()::equals).isPresent())
                        .filter(move -> move.state() == MoveState.FAILED)
                        .findFirst()
                        .map(move ->
                                new JobManagerSays.MoveFailed(move.id(), said(move.id(), move.state(), move.detail())));
    }

    private static String said(String id, MoveState state, String detail) {
        return "move %s ended as %s%s".formatted(id, state, detail.isBlank() ? "" : ": " + detail);
    }

    /** Another replica, or a sidecar, may have asked at the same time: all see the same list, and the older moves stay. */
    private JobManagerSays checkedAgain(MoveClient client, Wish wish, String taskManager, MoveView mine, Budget left)
            throws InterruptedException, AwayException, RefusedException {
        List<ListedMove> moves = listing.moves(wish.jobManagers(), left.now());
        JobManagerSays moving =
                new JobManagerSays.Moving(mine.id(), mine.state().name());
        ListedMove own = new ListedMove(
                mine.id(), mine.state(), mine.createdAt().orElse(Long.MAX_VALUE), mine.taskManagers(), "");
        Optional<JobManagerSays> busy =
                busy(others(moves, taskManager).filter(move -> ListedMove.AGE.compare(move, own) < 0));
        return busy.isPresent() && client.cancel(mine.id(), left.now()) == MoveClient.Cancellation.CANCELLED
                ? busy.get()
                : moving;
    }

    /** Moves of other TaskManagers that are under way. */
    private static Stream<ListedMove> others(List<ListedMove> moves, String taskManager) {
        return moves.stream()
                .filter(move -> !move.state().ended())
                .filter(move -> !move.taskManagers().contains(taskManager));
    }

    /** TaskManagers that leave with their node move together, and count as one. */
    private Optional<JobManagerSays> busy(Stream<ListedMove> others) {
        List<ListedMove> moving = others.toList();
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

    /** Takes a move back. */
    public Withdrawal cancel(List<URI> jobManagers, String move) {
        try {
            return client(jobManagers).cancel(move, budget) == MoveClient.Cancellation.CANCELLED
                    ? Withdrawal.CANCELLED
                    : Withdrawal.TOO_LATE;
        } catch (JobManagerException e) {
            return e.kind() == Kind.AWAY ? Withdrawal.UNKNOWN : Withdrawal.TOO_LATE;
        } catch (IllegalArgumentException e) {
            return Withdrawal.TOO_LATE;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Withdrawal.UNKNOWN;
        }
    }

    private MoveClient client(List<URI> jobManagers) {
        synchronized (clients) {
            MoveClient client = clients.get(jobManagers);
            if (client == null) {
                client = new MoveClient(jobManagers, budget);
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
