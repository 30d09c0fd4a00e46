package io.holdfast.flink.move;

import io.holdfast.flink.handoff.StateOffer;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import javax.annotation.Nullable;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.executiongraph.Execution;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;

/** One move of a job's tasks away from TaskManagers, and what became of it. JobMaster main thread only. */
final class Move {

    /** Part of the time until the deadline that a handover may take until it cannot be undone. */
    private static final double HANDOVER_PART = 0.6;

    /** Part of it after which tasks are restarted even without a fresh checkpoint. */
    private static final double RESTART_PART = 0.8;

    /** Where a move stands. */
    enum State {
        RESERVING,
        ARMING,
        CHECKPOINTING,
        SWITCHING,
        COMPLETED,
        CANCELLED,
        FAILED;

        boolean ended() {
            return compareTo(COMPLETED) >= 0;
        }
    }

    /** How tasks are moved, best first. */
    enum Step {
        HANDOVER,
        CHECKPOINT_AND_RESTART,
        RESTART;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private record Transition(State state, long at) {}

    private record Degradation(long at, Step from, Step to, String why) {}

    /** A task that is moved. Times are epoch milliseconds, 0 until it is so. */
    private static final class Subtask {
        private final ExecutionVertexID vertex;
        private final String vertexName;
        private final String from;
        private final int attemptBefore;
        private final long stoppedAt;
        private String to = "";
        private int attemptAfter = -1;
        private long deployedAt;
        private long runningAt;

        Subtask(Execution execution, long now) {
            vertex = execution.getVertex().getID();
            vertexName = execution.getVertex().getJobVertex().getName();
            from = taskManager(execution);
            attemptBefore = execution.getAttemptNumber();
            stoppedAt = now;
        }

        private static String taskManager(Execution execution) {
            return execution.getAssignedResourceLocation() == null
                    ? ""
                    : execution.getAssignedResourceLocation().getResourceID().getResourceIdString();
        }

        private LinkedHashMap<String, Serializable> view() {
            LinkedHashMap<String, Serializable> view = new LinkedHashMap<>();
            view.put("vertex", vertex.getJobVertexId().toHexString());
            view.put("vertexName", vertexName);
            view.put("subtask", vertex.getSubtaskIndex());
            view.put("from", from);
            view.put("to", to);
            view.put("attemptBefore", attemptBefore);
            view.put("attemptAfter", attemptAfter);
            view.put("stoppedAt", stoppedAt);
            view.put("deployedAt", deployedAt);
            view.put("runningAt", runningAt);
            return view;
        }
    }

    final String id;
    final Set<ResourceID> taskManagers;
    final String reason;
    final long createdAt;

    private final List<Transition> transitions = new ArrayList<>();
    private final List<Degradation> degradations = new ArrayList<>();
    private final Map<ExecutionVertexID, Subtask> subtasks = new LinkedHashMap<>();

    /** By when each of those wants it done who have asked for it, oldest first. */
    private final Map<String, Long> requesters = new LinkedHashMap<>();

    private final Map<ResourceID, StateOffer> offers = new HashMap<>();
    private final Map<ExecutionVertexID, Long> fetchedBytes = new HashMap<>();
    private State state;
    private Step step = Step.HANDOVER;
    private String detail = "";
    private long checkpoint = -1;

    Move(String id, Set<ResourceID> taskManagers, String reason, long createdAt, String requester, long deadlineAt) {
        this.id = id;
        this.taskManagers = taskManagers;
        this.reason = reason;
        this.createdAt = createdAt;
        requesters.put(requester, deadlineAt);
        become(State.RESERVING, createdAt);
    }

    State state() {
        return state;
    }

    Step step() {
        return step;
    }

    String detail() {
        return detail;
    }

    void become(State next, long now) {
        if (state != next) {
            state = next;
            transitions.add(new Transition(next, now));
        }
    }

    void end(State how, String why, long now) {
        detail = why;
        become(how, now);
    }

    /** Where the local state of a TaskManager that is left can be fetched. */
    void offered(Map<ResourceID, StateOffer> more) {
        offers.putAll(more);
    }

    /** Where that of {@code task} can be fetched; null if nowhere. */
    @Nullable
    StateOffer offerOf(Execution task) {
        return offers.get(task.getAssignedResourceLocation().getResourceID());
    }

    /** So many bytes of the state of {@code task} came from the TaskManager that it leaves. */
    void fetched(Execution task, long bytes) {
        fetchedBytes.merge(task.getVertex().getID(), bytes, Long::sum);
    }

    long fetchedBytes() {
        return fetchedBytes.values().stream().mapToLong(Long::longValue).sum();
    }

    /** {@code requester} wants it too, done by {@code deadlineMs}, or earlier if he has said so before. */
    void wanted(String requester, long deadlineMs) {
        requesters.merge(requester, deadlineMs, Math::min);
    }

    /** {@code requester} does not want it any more. Nothing changes, and this is false, if nobody else does. */
    boolean withdraw(String requester) {
        boolean others = requesters.keySet().stream().anyMatch(each -> !each.equals(requester));
        if (others) {
            requesters.remove(requester);
        }
        return others;
    }

    Set<String> requesters() {
        return Set.copyOf(requesters.keySet());
    }

    boolean isWantedBy(String requester) {
        return requesters.containsKey(requester);
    }

    /** Until when a handover is tried. */
    long handoverBy() {
        return createdAt + (long) (HANDOVER_PART * (deadlineAt() - createdAt));
    }

    /** When tasks are restarted from what there is. */
    long restartBy() {
        return createdAt + (long) (RESTART_PART * (deadlineAt() - createdAt));
    }

    /** The earliest that is wanted; a later one when who wanted that has withdrawn. */
    long deadlineAt() {
        return Collections.min(requesters.values());
    }

    void degrade(Step to, String why, long now) {
        degradations.add(new Degradation(now, step, to, why));
        step = to;
    }

    boolean isDegraded() {
        return !degradations.isEmpty();
    }

    void checkpoint(long id) {
        checkpoint = id;
    }

    // ------------------------------------------------------------------ its tasks

    void stopped(Execution execution, long now) {
        subtasks.put(execution.getVertex().getID(), new Subtask(execution, now));
    }

    /** Also for tasks that it does not move. */
    void deployed(Execution execution, long now) {
        Subtask subtask = subtasks.get(execution.getVertex().getID());
        if (subtask != null) {
            subtask.to = Subtask.taskManager(execution);
            subtask.attemptAfter = execution.getAttemptNumber();
            subtask.deployedAt = now;
            subtask.runningAt = 0;
        }
    }

    /** As above. */
    void running(Execution execution, long now) {
        Subtask subtask = subtasks.get(execution.getVertex().getID());
        if (subtask != null && subtask.attemptAfter == execution.getAttemptNumber()) {
            subtask.runningAt = now;
        }
    }

    boolean allRun() {
        return subtasks.values().stream().allMatch(subtask -> subtask.runningAt > 0);
    }

    int size() {
        return subtasks.size();
    }

    /** As REST shows it. */
    LinkedHashMap<String, Serializable> view(String job, Map<ResourceID, Long> leaving) {
        LinkedHashMap<String, Serializable> view = new LinkedHashMap<>();
        view.put("id", id);
        view.put("job", job);
        view.put("state", state.name());
        view.put("detail", detail);
        view.put("reason", reason);
        ArrayList<Serializable> names = new ArrayList<>();
        taskManagers.forEach(taskManager -> names.add(taskManager.getResourceIdString()));
        view.put("taskmanagers", names);
        view.put("createdAt", createdAt);
        view.put("deadlineAt", deadlineAt());
        view.put("requesters", new ArrayList<>(requesters.keySet()));
        view.put("step", step.toString());
        ArrayList<Serializable> lapses = new ArrayList<>();
        for (Degradation each : degradations) {
            LinkedHashMap<String, Serializable> lapse = new LinkedHashMap<>();
            lapse.put("at", each.at);
            lapse.put("from", each.from.toString());
            lapse.put("to", each.to.toString());
            lapse.put("why", each.why);
            lapses.add(lapse);
        }
        view.put("degradations", lapses);
        view.put("checkpoint", checkpoint);
        ArrayList<Serializable> times = new ArrayList<>();
        for (Transition each : transitions) {
            LinkedHashMap<String, Serializable> time = new LinkedHashMap<>();
            time.put("state", each.state.name());
            time.put("at", each.at);
            times.add(time);
        }
        view.put("transitions", times);
        ArrayList<Serializable> tasks = new ArrayList<>();
        subtasks.forEach((vertex, subtask) -> {
            LinkedHashMap<String, Serializable> task = subtask.view();
            task.put("handoffBytes", fetchedBytes.getOrDefault(vertex, 0L));
            tasks.add(task);
        });
        view.put("subtasks", tasks);
        ArrayList<Serializable> going = new ArrayList<>();
        leaving.forEach((taskManager, until) -> {
            LinkedHashMap<String, Serializable> entry = new LinkedHashMap<>();
            entry.put("taskmanager", taskManager.getResourceIdString());
            entry.put("until", until);
            going.add(entry);
        });
        view.put("leaving", going);
        return view;
    }
}
