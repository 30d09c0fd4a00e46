package io.holdfast.flink.move;

import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import javax.annotation.Nullable;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.executiongraph.Execution;
import org.apache.flink.runtime.webmonitor.MoveRequest;
import org.apache.flink.runtime.webmonitor.MoveResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The moves of one job: one runs, others wait for it, and some are remembered. JobMaster main thread only.
 */
public final class Moves {

    private static final Logger LOG = LoggerFactory.getLogger(Moves.class);

    /** Moves that are remembered, those that run or wait included. */
    private static final int REMEMBERED = 100;

    private static final long HEAR_MS = 100;

    private final MoveSettings settings;
    private final MoveSlots slots;
    private final Leaving leaving;
    private final Map<String, Move> moves = new LinkedHashMap<>();
    private final ArrayDeque<Move> waiting = new ArrayDeque<>();

    /** Moves that have ended and of which not everybody has heard that. */
    private final List<Handover> ending = new ArrayList<>();

    /** Moves that have ended and for whose tasks producers still keep what they have sent. */
    private final List<Handover> keeping = new ArrayList<>();

    @Nullable
    private Handover running;

    private MoveHost host;
    private MoveMetrics metrics;

    /** JobMaster creation thread. */
    public Moves(MoveSettings settings, MoveSlots slots, Leaving leaving) {
        this.settings = settings;
        this.slots = slots;
        this.leaving = leaving;
    }

    /** JobMaster creation thread, when the scheduler exists. */
    public void start(MoveHost owner, MetricGroup group) {
        host = owner;
        metrics = new MoveMetrics(group);
    }

    // ------------------------------------------------------------------ what is asked for

    /** Carries {@code request} out, or begins to. */
    public MoveResponse answer(MoveRequest request) {
        return switch (request.kind()) {
            case START -> shown(start(request), false);
            case GET -> shown(moves.get(request.id()), false);
            case LIST -> all();
            case CANCEL -> cancel(request.id(), request.requester());
            case LEAVING -> new MoveResponse(List.of(leavingView()), false);
            case STAY -> stay(request.taskManagers().get(0), request.requester());
        };
    }

    private MoveResponse shown(@Nullable Move move, boolean tooLate) {
        return new MoveResponse(move == null ? List.of() : List.of(view(move)), tooLate);
    }

    private MoveResponse all() {
        List<LinkedHashMap<String, Serializable>> views = new ArrayList<>();
        moves.values().forEach(move -> views.add(0, view(move)));
        return new MoveResponse(views, false);
    }

    private LinkedHashMap<String, Serializable> view(Move move) {
        return move.view(host.job().jobId().toHexString(), leaving.asMap());
    }

    private Move start(MoveRequest request) {
        long now = System.currentTimeMillis();
        Move known = moves.get(request.id());
        if (known != null) {
            if (!known.state().ended()) {
                known.wanted(request.requester(), request.deadlineMs());
                offer(known, request);
                leave(request, now);
            }
            return known;
        }
        Move move = new Move(
                request.id(),
                new LinkedHashSet<>(request.taskManagers()),
                request.reason(),
                now,
                request.requester(),
                request.deadlineMs());
        remember(move);
        if (!settings.enabled()) {
            move.end(Move.State.FAILED, "moves are off for this job: holdfast.move.enabled is false", now);
            metrics.ended(move, now);
            return move;
        }
        offer(move, request);
        leaving.begin(move.taskManagers);
        leave(request, now);
        waiting.add(move);
        next();
        return move;
    }

    private void offer(Move move, MoveRequest request) {
        if (settings.stateHandoff()) {
            move.offered(request.offers());
        }
    }

    private void leave(MoveRequest request, long now) {
        Leaving.Wish wish = new Leaving.Wish(request.id(), request.requester());
        request.taskManagers().forEach(taskManager -> leaving.add(taskManager, wish, request.leavingUntilMs()));
        host.job().schedule(this::unpark, Math.max(0, request.leavingUntilMs() - now) + 1);
    }

    private void remember(Move move) {
        moves.put(move.id, move);
        if (moves.size() > REMEMBERED) {
            moves.values().stream()
                    .filter(each -> each.state().ended())
                    .findFirst()
                    .ifPresent(oldest -> moves.remove(oldest.id));
        }
    }

    /** For {@code requester}, or for all if it is empty. */
    private MoveResponse cancel(String id, String requester) {
        Move move = moves.get(id);
        if (move == null) {
            return shown(null, false);
        }
        if (!requester.isEmpty() && move.withdraw(requester)) {
            LOG.info("Move is not wanted any more by one, but by others: move={} requester={}", id, requester);
            move.taskManagers.forEach(taskManager -> leaving.withdraw(taskManager, isOf(move, Set.of(requester))));
            unpark();
            return shown(move, false);
        }
        boolean cancelled = isEmpty(move);
        if (waiting.remove(move)) {
            long now = System.currentTimeMillis();
            move.end(Move.State.CANCELLED, "cancelled while it waited for another move", now);
            over(move, now);
            cancelled = true;
        } else if (running != null && running.move() == move) {
            cancelled = running.cancel("cancelled on request");
        }
        if (cancelled) {
            stays(move);
        }
        return shown(move, !cancelled && move.state() != Move.State.CANCELLED);
    }

    /** It has ended, for there was nothing to do: it is not too late to be of another mind. */
    private static boolean isEmpty(Move move) {
        return move.state() == Move.State.COMPLETED && move.size() == 0;
    }

    /** TaskManagers of {@code over} stay, as far as those are concerned who had asked for it. */
    private void stays(Move over) {
        over.taskManagers.forEach(taskManager -> leaving.withdraw(taskManager, isOf(over, over.requesters())));
        unpark();
    }

    /** Wishes that go with {@code over}, and those of {@code requesters} that came to nothing before. */
    private Predicate<Leaving.Wish> isOf(Move over, Set<String> requesters) {
        return wish -> requesters.contains(wish.requester())
                && (wish.move().equals(over.id)
                        || !moves.containsKey(wish.move())
                        || moves.get(wish.move()).state() == Move.State.FAILED);
    }

    /**
     * {@code taskManager} stays after all; or, unless it is empty, {@code requester} is not who wants it to leave, nor others
     * that he had named together with it.
     */
    private MoveResponse stay(ResourceID taskManager, String requester) {
        if (!leaving.contains(taskManager)) {
            return new MoveResponse(List.of(), false);
        }
        boolean moving =
                movesFrom(taskManager).stream().anyMatch(move -> requester.isEmpty() || move.isWantedBy(requester));
        if (!moving) {
            leaving.withdraw(
                    taskManager, wish -> requester.isEmpty() || wish.requester().equals(requester));
            LOG.info("TaskManager need not leave: taskManager={} requester={}", taskManager, requester);
            unpark();
        }
        return new MoveResponse(List.of(leavingView()), moving);
    }

    private List<Move> movesFrom(ResourceID taskManager) {
        return moves.values().stream()
                .filter(move -> !move.state().ended() && move.taskManagers.contains(taskManager))
                .toList();
    }

    private LinkedHashMap<String, Serializable> leavingView() {
        Map<ResourceID, Long> until = leaving.asMap();
        Set<ResourceID> all = new LinkedHashSet<>(until.keySet());
        moves.values().stream().filter(move -> !move.state().ended()).forEach(move -> all.addAll(move.taskManagers));
        ArrayList<LinkedHashMap<String, Serializable>> entries = new ArrayList<>();
        for (ResourceID taskManager : all) {
            LinkedHashMap<String, Serializable> entry = new LinkedHashMap<>();
            entry.put("taskmanager", taskManager.getResourceIdString());
            entry.put("until", until.getOrDefault(taskManager, 0L));
            entry.put("requesters", new ArrayList<>(leaving.requesters(taskManager)));
            entry.put(
                    "moves",
                    new ArrayList<>(
                            movesFrom(taskManager).stream().map(move -> move.id).toList()));
            entries.add(entry);
        }
        LinkedHashMap<String, Serializable> view = new LinkedHashMap<>();
        view.put("leaving", entries);
        return view;
    }

    /** Ends what has not come too far yet, for {@code reason}. */
    public void cancelAll(String reason) {
        for (Move move : List.copyOf(waiting)) {
            waiting.remove(move);
            long now = System.currentTimeMillis();
            move.end(Move.State.CANCELLED, reason, now);
            over(move, now);
            stays(move);
        }
        Handover current = running;
        if (current != null && current.cancel(reason)) {
            stays(current.move());
        }
    }

    private void unpark() {
        slots.unparkStaying();
        metrics.leaving(leaving.asMap().size());
    }

    private void next() {
        metrics.leaving(leaving.asMap().size());
        ending.removeIf(Handover::isHeard);
        if (running == null && !waiting.isEmpty() && !ending.isEmpty()) {
            host.job().schedule(this::next, HEAR_MS); // a word of theirs that came late would undo what is armed now
        } else if (running == null && !waiting.isEmpty()) {
            Handover handover = new Handover(host, slots, settings, waiting.remove(), this::ended);
            running = handover;
            handover.start();
        }
    }

    private void over(Move move, long now) {
        leaving.end(move.taskManagers);
        host.job().execute(this::unpark);
        metrics.ended(move, now);
    }

    private void ended() {
        Handover over = running;
        running = null;
        ending.add(over);
        over(over.move(), System.currentTimeMillis());
        if (over.keepsRecords()) {
            keeping.add(over);
        }
        host.job().execute(this::next);
    }

    // ------------------------------------------------------------------ what happens

    /** {@code execution} was handed to its TaskManager. */
    public void deployed(Execution execution) {
        if (running != null) {
            running.deployed(execution);
        }
    }

    /** {@code execution} has changed its state. */
    public void updated(Execution execution) {
        if (running != null) {
            running.updated(execution);
        }
    }

    /** A task has failed, and is restarted alone. */
    public void taskFailed() {
        if (running != null) {
            running.taskFailed();
        }
    }

    /** Regions of the job, or all of it, restart for {@code reason}. */
    public void regionsRestart(String reason) {
        if (running != null) {
            running.regionsRestart(reason);
        }
    }

    /** Checkpoint {@code id} has completed. */
    public void checkpointCompleted(long id) {
        for (Handover over : List.copyOf(keeping)) {
            over.forgetBefore(id);
        }
        keeping.removeIf(over -> !over.keepsRecords());
        if (running != null) {
            running.checkpointCompleted(id);
        }
    }

    /** TaskManagers that are about to go, as REST shows them. */
    public Map<ResourceID, Long> leaving() {
        return leaving.asMap();
    }
}
