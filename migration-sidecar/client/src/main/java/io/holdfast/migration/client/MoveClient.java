package io.holdfast.migration.client;

import com.fasterxml.jackson.databind.JsonNode;
import io.holdfast.migration.client.JobManagerException.Kind;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import okhttp3.OkHttpClient;

/**
 * Asks a JobManager to move the tasks of TaskManagers away, and watches it do so.
 *
 * <p>Several addresses may be given, of JobManagers that stand by for one another: the one that answered last is asked first.
 * What breaks off, times out, is answered with a server's error, a redirect or something that is no JobManager's answer, is
 * tried again at the others, and then with growing pauses, as long as the budget lasts. All calls block; an interrupt ends them,
 * though not before the call timeout while an answer is waited for.
 *
 * <p>Thread-safe.
 */
public final class MoveClient implements AutoCloseable {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
    private static final Duration FREQUENT_POLL = Duration.ofMillis(100);
    private static final Duration POLL = Duration.ofMillis(250);
    private static final Duration FREQUENT_FOR = Duration.ofSeconds(5);

    /** As long as a JobManager lets a requester be. */
    static final int LONGEST_REQUESTER = 200;

    private final JobManagerCalls calls;
    private final LongSupplier nanoClock;
    private final Pause pause;
    private volatile boolean handoffKnown = true;

    /** What the JobManager said to a wish to cancel. */
    public enum Cancellation {
        /** It is cancelled, or will be within moments. */
        CANCELLED,
        /** It goes on, or has ended, for others who want it; who asked is not one of them any more. */
        WANTED_BY_OTHERS,
        /** It has ended, or goes on to its end. */
        TOO_LATE,
        /** There is no such move, any more. */
        UNKNOWN
    }

    /** What the JobManager said to a wish that a TaskManager stays after all. */
    public enum Staying {
        /** Tasks may go there again, as far as who asked is concerned. */
        STAYS,
        /** A move from it goes on that who asked wants. */
        MOVING,
        /** It was not leaving, or is not known any more. */
        NOT_LEAVING
    }

    /** Lets time pass; tests do it quicker. */
    interface Pause {
        void nanos(long nanos) throws InterruptedException;
    }

    /**
     * @param jobManagers base addresses of the REST interface, such as {@code http://jobs-rest:8081}
     * @param callTimeout how long one answer may take, after which the JobManager counts as away
     * @param remedy what people can do if no JobManager answers, as a sentence
     * @throws IllegalArgumentException if there is none, or one is no http or https address
     */
    public MoveClient(List<URI> jobManagers, Duration callTimeout, String remedy) {
        this(
                jobManagers,
                callTimeout,
                remedy,
                System::nanoTime,
                nanos -> Thread.sleep(nanos / 1_000_000, (int) (nanos % 1_000_000)));
    }

    MoveClient(List<URI> jobManagers, Duration callTimeout, String remedy, LongSupplier nanoClock, Pause pause) {
        this.nanoClock = nanoClock;
        this.pause = pause;
        OkHttpClient http = new OkHttpClient.Builder()
                .connectTimeout(CONNECT_TIMEOUT.compareTo(callTimeout) < 0 ? CONNECT_TIMEOUT : callTimeout)
                .readTimeout(callTimeout)
                .callTimeout(callTimeout)
                .followRedirects(false)
                .followSslRedirects(false)
                .build();
        this.calls = new JobManagerCalls(http, jobManagers, remedy, nanoClock, pause);
    }

    /**
     * Asks for a move. TaskManagers that are being moved already join that move, whose deadline becomes the earlier one: asking
     * twice does no harm. A JobManager that does not know handoffs, for it is an older one, is asked once more without.
     *
     * @param requester who asks, in at most {@value #LONGEST_REQUESTER} characters: what tells his wish from those of others
     * @param budget how long a JobManager that is away is asked again; zero for one round
     * @return the move, which may have ended already
     * @throws JobManagerException if there is none
     */
    public MoveView start(MoveRequest request, String requester, Duration budget) throws InterruptedException {
        long asked = nanoClock.getAsLong();
        try {
            MoveView view = start(request, requester, budget, asked);
            handoffKnown |= request.handoff().isPresent();
            return view;
        } catch (JobManagerException e) {
            if (request.handoff().isEmpty() || !e.refusesField(Handoff.FIELD)) {
                throw e;
            }
            handoffKnown = false;
            Duration left = budget.minusNanos(nanoClock.getAsLong() - asked);
            return start(request.withoutHandoff(), requester, left.isNegative() ? Duration.ZERO : left, asked);
        }
    }

    private MoveView start(MoveRequest request, String requester, Duration budget, long asked)
            throws InterruptedException {
        return view(calls.call(
                "POST",
                "/holdfast/moves",
                () -> request.json(requester, Duration.ofNanos(nanoClock.getAsLong() - asked)),
                budget,
                Map.of(404, Kind.WITHOUT_MOVES)));
    }

    /** Whether the JobManager took the handoff that it was sent last; so it is believed until one was sent. */
    public boolean handoffKnown() {
        return handoffKnown;
    }

    /** @throws JobManagerException if it is not known, or nobody answers within {@code budget} */
    public MoveView get(String id, Duration budget) throws InterruptedException {
        return view(calls.call("GET", path(id), null, budget, Map.of(404, Kind.UNKNOWN_MOVE)));
    }

    /**
     * All moves that the JobManager remembers, newest first.
     *
     * @throws JobManagerException if nobody answers within {@code budget}
     */
    public List<MoveView> list(Duration budget) throws InterruptedException {
        JsonNode answer = calls.call("GET", "/holdfast/moves", null, budget, Map.of(404, Kind.WITHOUT_MOVES));
        List<MoveView> moves = new ArrayList<>();
        (answer.isArray() ? answer : answer.path("moves"))
                .forEach(move -> MoveView.of(move).ifPresent(moves::add));
        return List.copyOf(moves);
    }

    /**
     * Withdraws the wish of {@code requester} for a move, which ends it if nobody else wants it.
     *
     * @throws JobManagerException if nobody answers within {@code budget}, or it is refused for another reason than time
     */
    public Cancellation cancel(String id, String requester, Duration budget) throws InterruptedException {
        try {
            JsonNode answer = calls.call(
                    "DELETE",
                    path(id) + by(requester),
                    null,
                    budget,
                    Map.of(404, Kind.UNKNOWN_MOVE, 409, Kind.TOO_LATE));
            boolean others = MoveView.of(answer)
                    .filter(view -> view.requesters().stream().anyMatch(other -> !other.equals(requester)))
                    .isPresent();
            return others ? Cancellation.WANTED_BY_OTHERS : Cancellation.CANCELLED;
        } catch (JobManagerException e) {
            return switch (e.kind()) {
                case TOO_LATE -> Cancellation.TOO_LATE;
                case UNKNOWN_MOVE -> Cancellation.UNKNOWN;
                default -> throw e;
            };
        }
    }

    /**
     * Says that a TaskManager stays after its move, as far as {@code requester} is concerned, and with it all that his moves had
     * named.
     *
     * @throws JobManagerException if nobody answers within {@code budget}, or it is refused for another reason
     */
    public Staying stay(String taskManager, String requester, Duration budget) throws InterruptedException {
        try {
            calls.call(
                    "DELETE",
                    "/holdfast/leaving/" + encoded(taskManager) + by(requester),
                    null,
                    budget,
                    Map.of(404, Kind.NOT_LEAVING, 409, Kind.TOO_LATE));
            return Staying.STAYS;
        } catch (JobManagerException e) {
            return switch (e.kind()) {
                case TOO_LATE -> Staying.MOVING;
                case NOT_LEAVING -> Staying.NOT_LEAVING;
                default -> throw e;
            };
        }
    }

    private static String by(String requester) {
        return "?requester=" + encoded(requester);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** Puts {@code name} behind {@code kind}, shortened to what a requester may be, but unique if {@code name} ends so. */
    public static String requester(String kind, String name) {
        int room = LONGEST_REQUESTER - kind.length() - 1;
        return kind + "/" + (name.length() <= room ? name : name.substring(name.length() - room));
    }

    /**
     * Waits until a move has ended. A JobManager that is away meanwhile is waited for.
     *
     * @param budget how long to wait
     * @param seen given each view that differs from the one before
     * @return the last view, whose state has not {@linkplain MoveState#ended() ended} if the budget is used
     * @throws JobManagerException UNKNOWN_MOVE if it is not known any more; AWAY if nobody has answered within the budget
     */
    public MoveView awaitEnd(String id, Duration budget, Consumer<MoveView> seen) throws InterruptedException {
        long begin = nanoClock.getAsLong();
        MoveView last = null;
        while (true) {
            Duration left = budget.minusNanos(nanoClock.getAsLong() - begin);
            MoveView view;
            try {
                view = get(id, left);
            } catch (JobManagerException e) {
                if (e.kind() == Kind.AWAY && last != null) {
                    return last;
                }
                throw e;
            }
            if (!view.equals(last)) {
                seen.accept(view);
            }
            last = view;
            Duration waited = Duration.ofNanos(nanoClock.getAsLong() - begin);
            if (view.state().ended() || waited.compareTo(budget) >= 0) {
                return view;
            }
            Duration next = waited.compareTo(FREQUENT_FOR) < 0 ? FREQUENT_POLL : POLL;
            Duration rest = budget.minus(waited);
            pause.nanos((next.compareTo(rest) < 0 ? next : rest).toNanos());
        }
    }

    /** @throws JobManagerException if nobody answers within {@code budget} */
    public List<RegisteredTaskManager> taskManagers(Duration budget) throws InterruptedException {
        JsonNode answer = calls.call("GET", "/taskmanagers", null, budget, Map.of());
        List<RegisteredTaskManager> found = new ArrayList<>();
        answer.path("taskmanagers")
                .forEach(one -> found.add(new RegisteredTaskManager(
                        one.path("id").asText(""),
                        one.path("path").asText(""),
                        one.path("freeSlots").asInt(-1)
                                == one.path("slotsNumber").asInt(-2))));
        return List.copyOf(found);
    }

    /**
     * Finds the TaskManager of a pod: the one that has the pod's name as its id, as in Flink's own Kubernetes support, or else
     * the only one whose address is the pod's.
     *
     * @param podIp blank if it is not known
     * @return empty if none is registered, or several are at that address
     */
    public static Optional<RegisteredTaskManager> ofPod(
            List<RegisteredTaskManager> taskManagers, String podName, String podIp) {
        Optional<RegisteredTaskManager> named =
                taskManagers.stream().filter(one -> one.id().equals(podName)).findFirst();
        if (named.isPresent()) {
            return named;
        }
        List<RegisteredTaskManager> there =
                taskManagers.stream().filter(one -> one.runsAt(podName, podIp)).toList();
        return there.size() == 1 ? Optional.of(there.get(0)) : Optional.empty();
    }

    private static String path(String id) {
        if (!id.matches("[0-9a-zA-Z-]+")) {
            throw new IllegalArgumentException("id must be letters, digits and dashes: " + id);
        }
        return "/holdfast/moves/" + id;
    }

    private MoveView view(JsonNode answer) {
        return MoveView.of(answer)
                .orElseThrow(() -> new JobManagerException(
                        Kind.REFUSED,
                        "The JobManager answered with something that is no move: %s. Use one version of Holdfast everywhere."
                                .formatted(answer),
                        null));
    }

    @Override
    public void close() {
        calls.close();
    }
}
