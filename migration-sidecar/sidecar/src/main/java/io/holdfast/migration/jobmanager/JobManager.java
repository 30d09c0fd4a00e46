package io.holdfast.migration.jobmanager;

import io.holdfast.migration.client.Handoff;
import io.holdfast.migration.client.JobManagerException;
import io.holdfast.migration.client.MoveClient;
import io.holdfast.migration.client.MoveRequest;
import io.holdfast.migration.client.MoveView;
import io.holdfast.migration.client.RegisteredTaskManager;
import io.holdfast.migration.plan.Call;
import io.holdfast.migration.plan.Result;
import io.holdfast.migration.plan.Result.Cancelling;
import io.holdfast.migration.plan.Result.Trouble;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the calls that were decided on. One at a time: not thread-safe, but for {@link #close()} and {@link #taskManager()}. */
public final class JobManager implements AutoCloseable {
    private static final String REMEDY = "Check HOLDFAST_MIGRATION_JOBMANAGER_URL, and that this pod may reach it.";
    private static final Logger LOG = LoggerFactory.getLogger(JobManager.class);

    private final Supplier<List<URI>> addresses;
    private final Duration callTimeout;
    private final Duration leaving;
    private final TaskManagerPlace place;
    private final String requester;
    private final Supplier<Optional<Handoff>> handoff;
    private boolean handoffRefused;
    private List<URI> connectedTo = List.of();
    private volatile Optional<MoveClient> client = Optional.empty();
    private volatile Optional<String> taskManager = Optional.empty();

    /**
     * @param addresses where it is, as far as is known at the moment
     * @param leaving how long nothing shall be put on the TaskManager after it was asked
     * @param pod name of the pod as which this asks; that of {@code place} if it is not known
     * @param handoff where the TaskManager's state can be fetched, if it can
     */
    public JobManager(
            Supplier<List<URI>> addresses,
            Duration callTimeout,
            Duration leaving,
            TaskManagerPlace place,
            Optional<String> pod,
            Supplier<Optional<Handoff>> handoff) {
        this.addresses = addresses;
        this.callTimeout = callTimeout;
        this.leaving = leaving;
        this.place = place;
        this.requester = MoveClient.requester(
                "sidecar",
                pod.or(place::id).or(() -> place.names().stream().findFirst()).orElse("anonymous"));
        this.handoff = handoff;
    }

    /** Its resource id, once it was found. Any thread. */
    public Optional<String> taskManager() {
        return taskManager;
    }

    /** Makes {@code call}; takes as long as the JobManager takes, up to the call timeout for each address. */
    public Result make(Call call) throws InterruptedException {
        Optional<MoveClient> found = client();
        if (found.isEmpty()) {
            return new Result.Failed(
                    Trouble.NOT_KNOWN,
                    "Nobody tells where the JobManager is. Set HOLDFAST_MIGRATION_JOBMANAGER_URL, or let the pod's"
                            + " service account get pods.");
        }
        try {
            if (call instanceof Call.Ask ask) {
                return ask(found.get(), ask);
            } else if (call instanceof Call.Look look) {
                return new Result.Viewed(found.get().get(look.id(), Duration.ZERO));
            } else if (call instanceof Call.Cancel cancel) {
                return cancel(found.get(), cancel.id());
            } else if (call instanceof Call.Stay) {
                return stay(found.get());
            }
            return findUnknown(found.get());
        } catch (JobManagerException e) {
            return new Result.Failed(trouble(e.kind()), e.getMessage());
        }
    }

    private Result ask(MoveClient jobManager, Call.Ask ask) throws InterruptedException {
        List<RegisteredTaskManager> found = place.among(jobManager.taskManagers(Duration.ZERO));
        if (found.size() > 1) {
            return new Result.Failed(
                    Trouble.NOT_KNOWN,
                    "Several TaskManagers are at the address of this pod: %s. Set HOLDFAST_MIGRATION_TASKMANAGER_ID."
                            .formatted(found.stream()
                                    .map(RegisteredTaskManager::id)
                                    .collect(Collectors.joining(", "))));
        }
        if (found.isEmpty()) {
            return new Result.Failed(
                    Trouble.NOT_REGISTERED,
                    "The JobManager has no TaskManager %s. If it has one here, set HOLDFAST_MIGRATION_TASKMANAGER_ID."
                            .formatted(place.id()
                                    .orElseGet(() -> "of the pod " + String.join(", ", place.names()) + " at "
                                            + String.join(", ", place.addresses()))));
        }
        taskManager = Optional.of(found.get(0).id());
        MoveView view = jobManager.start(
                new MoveRequest(
                        List.of(found.get(0).id()),
                        ask.reason(),
                        ask.timeout(),
                        ask.node() ? MoveRequest.Scope.NODE : MoveRequest.Scope.TASKMANAGER,
                        Optional.of(leaving),
                        handoff.get()),
                requester,
                Duration.ZERO);
        tellOfHandoff(!jobManager.handoffKnown());
        return new Result.Viewed(view);
    }

    private void tellOfHandoff(boolean refused) {
        if (refused && !handoffRefused) {
            LOG.warn(
                    "State not handed over: reason=the JobManager does not know handoffs. Put this version's holdfast-flink"
                            + " jar there; until then state is restored from the checkpoint storage");
        }
        handoffRefused = refused;
    }

    private Result cancel(MoveClient jobManager, String id) throws InterruptedException {
        return new Result.Cancelled(
                switch (jobManager.cancel(id, requester, Duration.ZERO)) {
                    case CANCELLED -> Cancelling.DONE;
                    case WANTED_BY_OTHERS -> Cancelling.OTHERS;
                    case TOO_LATE -> Cancelling.TOO_LATE;
                    case UNKNOWN -> Cancelling.UNKNOWN;
                });
    }

    private Result stay(MoveClient jobManager) throws InterruptedException {
        if (taskManager.isEmpty()) {
            return new Result.Cancelled(Cancelling.UNKNOWN); // nobody was asked for anything
        }
        return new Result.Cancelled(
                switch (jobManager.stay(taskManager.get(), requester, Duration.ZERO)) {
                    case STAYS -> Cancelling.DONE;
                    case MOVING -> Cancelling.TOO_LATE;
                    case NOT_LEAVING -> Cancelling.UNKNOWN;
                });
    }

    /** It may have heard of a move without our having heard of that. If so, that is told: then it has a name. */
    private Result findUnknown(MoveClient jobManager) throws InterruptedException {
        Optional<MoveView> move = jobManager.list(Duration.ZERO).stream()
                .filter(view -> !view.state().ended())
                .filter(view ->
                        taskManager.filter(view.taskManagers()::contains).isPresent())
                .filter(view -> view.requesters().contains(requester))
                .findFirst();
        return move.<Result>map(Result.Viewed::new).orElse(new Result.Cancelled(Cancelling.UNKNOWN));
    }

    private static Trouble trouble(JobManagerException.Kind kind) {
        return switch (kind) {
            case AWAY -> Trouble.AWAY;
            case REFUSED, TOO_LATE -> Trouble.REFUSED;
            case WITHOUT_MOVES -> Trouble.WITHOUT_MOVES;
            case UNKNOWN_MOVE, NOT_LEAVING -> Trouble.UNKNOWN_MOVE;
        };
    }

    private Optional<MoveClient> client() {
        List<URI> known = addresses.get();
        if (!known.equals(connectedTo)) {
            close();
            client = known.isEmpty() ? Optional.empty() : Optional.of(new MoveClient(known, callTimeout, REMEDY));
            connectedTo = known;
        }
        return client;
    }

    @Override
    public void close() {
        client.ifPresent(MoveClient::close);
    }
}
