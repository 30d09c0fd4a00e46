package io.holdfast.flink.rest;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.flink.api.common.JobID;

/** Makes one view of a move out of those of its jobs. Pure. */
final class MoveViews {

    static final String ID = "id";
    static final String STATE = "state";
    static final String DETAIL = "detail";
    static final String STEP = "step";
    static final String CREATED_AT = "createdAt";
    static final String DEADLINE_AT = "deadlineAt";
    static final String TASK_MANAGERS = "taskmanagers";
    static final String REQUESTERS = "requesters";
    static final String JOB = "job";
    static final String SUBTASKS = "subtasks";

    private static final String REASON = "reason";
    private static final String DEGRADATIONS = "degradations";
    private static final String AT = "at";
    private static final String LEAVING = "leaving";
    private static final String TASK_MANAGER = "taskmanager";
    private static final String UNTIL = "until";
    private static final String MOVES = "moves";

    static final String COMPLETED = "COMPLETED";
    static final String CANCELLED = "CANCELLED";
    static final String FAILED = "FAILED";

    /** States that a move ends in, the one that says least of the whole first. */
    static final List<String> ENDS = List.of(COMPLETED, CANCELLED, FAILED);

    /** States that a move goes through, in order. */
    static final List<String> WAY = List.of("RESERVING", "ARMING", "CHECKPOINTING", "SWITCHING");

    /** How tasks are moved, the best way first. */
    static final List<String> STEPS = List.of("handover", "checkpoint-and-restart", "restart");

    /** What a view of the whole has of each job. */
    static final List<String> OF_JOB = List.of(JOB, STATE, DETAIL, "checkpoint", "transitions", SUBTASKS);

    private static final String NOT_MANAGED =
            "not managed by Holdfast: its tasks stay until their TaskManager goes, and all of the job restarts then. The"
                    + " JobManager's log says why; usually jobmanager.scheduler or the job's type is another than Holdfast"
                    + " knows";

    private MoveViews() {}

    /** One view per move, newest first. */
    static List<Map<String, Serializable>> all(Collection<? extends Map<String, Serializable>> ofJobs) {
        Map<Serializable, List<Map<String, Serializable>>> byMove = new LinkedHashMap<>();
        ofJobs.forEach(view ->
                byMove.computeIfAbsent(view.get(ID), id -> new ArrayList<>()).add(view));
        return byMove.values().stream()
                .map(MoveViews::whole)
                .sorted(Comparator.<Map<String, Serializable>>comparingLong(view -> number(view, CREATED_AT))
                        .reversed())
                .toList();
    }

    /** One view of the parts of one move; at least one part. */
    static Map<String, Serializable> whole(List<? extends Map<String, Serializable>> parts) {
        Map<String, Serializable> first = parts.get(0);
        String state = state(parts.stream().map(part -> text(part, STATE)).toList());
        Map<String, Serializable> whole = new LinkedHashMap<>();
        whole.put(ID, first.get(ID));
        whole.put(STATE, state);
        if (state.equals(FAILED)) {
            whole.put(DETAIL, detail(parts));
        }
        whole.put(REASON, first.get(REASON));
        whole.put(TASK_MANAGERS, union(parts, TASK_MANAGERS));
        whole.put(REQUESTERS, union(parts, REQUESTERS));
        whole.put(
                CREATED_AT,
                parts.stream().mapToLong(part -> number(part, CREATED_AT)).min().getAsLong());
        whole.put(
                DEADLINE_AT,
                parts.stream()
                        .mapToLong(part -> number(part, DEADLINE_AT))
                        .min()
                        .getAsLong());
        whole.put(STEP, step(parts));
        whole.put(DEGRADATIONS, degradations(parts));
        whole.put("jobs", jobs(parts));
        whole.put(LEAVING, leaving(parts));
        return whole;
    }

    /** Of a move that no job knows of: nothing of any job is there. */
    static Map<String, Serializable> nothingThere(String id, MoveOrder order, String requester, long nowMs) {
        Map<String, Serializable> part = new LinkedHashMap<>();
        part.put(ID, id);
        part.put(STATE, COMPLETED);
        part.put(REASON, order.reason());
        part.put(TASK_MANAGERS, new ArrayList<>(order.taskManagers()));
        part.put(REQUESTERS, new ArrayList<>(List.of(requester)));
        part.put(CREATED_AT, nowMs);
        part.put(DEADLINE_AT, order.deadlineMs());
        part.put(STEP, STEPS.get(0));
        part.put(SUBTASKS, new ArrayList<>());
        return whole(List.of(part));
    }

    /** The part of a job whose tasks are on the TaskManagers and whose scheduler is not Holdfast's. */
    static Map<String, Serializable> notManaged(JobID job, Map<String, Serializable> ofMove) {
        Map<String, Serializable> part = new LinkedHashMap<>(ofMove);
        part.put(JOB, job.toHexString());
        part.put(STATE, FAILED);
        part.put(DETAIL, NOT_MANAGED);
        part.put("checkpoint", null);
        part.put("transitions", new ArrayList<>());
        part.put(SUBTASKS, new ArrayList<>());
        part.remove(DEGRADATIONS); // others'
        part.remove(LEAVING);
        return part;
    }

    static boolean hasEnded(Map<String, Serializable> view) {
        return ENDS.contains(text(view, STATE));
    }

    static List<String> taskManagersOf(Map<String, Serializable> view) {
        return texts(view, TASK_MANAGERS);
    }

    static List<String> requestersOf(Map<String, Serializable> view) {
        return texts(view, REQUESTERS);
    }

    private static List<String> texts(Map<String, Serializable> view, String key) {
        return view.get(key) instanceof List<?> texts
                ? texts.stream().map(Objects::toString).toList()
                : List.of();
    }

    /** A move from {@code taskManager} that has not ended and {@code requester} wants, or anybody if that is empty. */
    static Optional<String> goingFrom(
            Collection<? extends Map<String, Serializable>> ofJobs, String taskManager, String requester) {
        return all(ofJobs).stream()
                .filter(move -> !hasEnded(move)
                        && taskManagersOf(move).contains(taskManager)
                        && (requester.isEmpty() || requestersOf(move).contains(requester)))
                .map(move -> text(move, ID))
                .findFirst();
    }

    /** What jobs say of the TaskManagers that leave, of which some may leave for one of them alone. */
    static Map<String, Serializable> leavingOf(List<? extends Map<String, Serializable>> ofJobs) {
        Map<String, List<Map<String, Serializable>>> byTaskManager = new TreeMap<>();
        ofJobs.forEach(view -> maps(view.get(LEAVING))
                .forEach(one -> byTaskManager
                        .computeIfAbsent(text(one, TASK_MANAGER), ignored -> new ArrayList<>())
                        .add(one)));
        ArrayList<LinkedHashMap<String, Serializable>> leaving = new ArrayList<>();
        byTaskManager.forEach((taskManager, parts) -> {
            LinkedHashMap<String, Serializable> one = new LinkedHashMap<>();
            one.put(TASK_MANAGER, taskManager);
            one.put(
                    UNTIL,
                    parts.stream().mapToLong(part -> number(part, UNTIL)).max().orElse(0));
            one.put(REQUESTERS, union(parts, REQUESTERS));
            one.put(MOVES, union(parts, MOVES));
            leaving.add(one);
        });
        Map<String, Serializable> view = new LinkedHashMap<>();
        view.put(LEAVING, leaving);
        return view;
    }

    static String text(Map<String, Serializable> view, String key) {
        return Objects.toString(view.get(key), "");
    }

    /** As long as one goes on the whole does: as far as the one that is behind. Then the worst end counts. */
    private static String state(List<String> states) {
        return states.stream()
                .filter(state -> !ENDS.contains(state))
                .min(Comparator.comparingInt(WAY::indexOf))
                .or(() -> states.stream().max(Comparator.comparingInt(ENDS::indexOf)))
                .orElse(COMPLETED);
    }

    private static String detail(List<? extends Map<String, Serializable>> parts) {
        List<String> details = new ArrayList<>();
        for (Map<String, Serializable> part : parts) {
            if (text(part, STATE).equals(FAILED)) {
                details.add("job %s: %s".formatted(text(part, JOB), text(part, DETAIL)));
            }
        }
        return String.join("; ", details);
    }

    private static String step(List<? extends Map<String, Serializable>> parts) {
        return parts.stream()
                .map(part -> text(part, STEP))
                .max(Comparator.comparingInt(STEPS::indexOf))
                .orElseThrow();
    }

    private static ArrayList<String> union(List<? extends Map<String, Serializable>> parts, String key) {
        Set<String> all = new LinkedHashSet<>();
        parts.forEach(part -> all.addAll(texts(part, key)));
        return new ArrayList<>(all);
    }

    private static ArrayList<LinkedHashMap<String, Serializable>> degradations(
            List<? extends Map<String, Serializable>> parts) {
        ArrayList<LinkedHashMap<String, Serializable>> all = new ArrayList<>();
        for (Map<String, Serializable> part : parts) {
            for (Map<String, Serializable> degradation : maps(part.get(DEGRADATIONS))) {
                LinkedHashMap<String, Serializable> ofJob = new LinkedHashMap<>(degradation);
                ofJob.put(JOB, part.get(JOB));
                all.add(ofJob);
            }
        }
        all.sort(Comparator.comparingLong(degradation -> number(degradation, AT)));
        return all;
    }

    private static ArrayList<LinkedHashMap<String, Serializable>> jobs(
            List<? extends Map<String, Serializable>> parts) {
        ArrayList<LinkedHashMap<String, Serializable>> jobs = new ArrayList<>();
        for (Map<String, Serializable> part : parts) {
            boolean nothingThere = text(part, STATE).equals(COMPLETED)
                    && maps(part.get(SUBTASKS)).isEmpty();
            if (!nothingThere) {
                LinkedHashMap<String, Serializable> job = new LinkedHashMap<>();
                OF_JOB.forEach(key -> job.put(key, part.get(key)));
                jobs.add(job);
            }
        }
        return jobs;
    }

    /** Jobs may have been told at different times: the longest counts. */
    private static ArrayList<LinkedHashMap<String, Serializable>> leaving(
            List<? extends Map<String, Serializable>> parts) {
        Map<String, Long> until = new TreeMap<>();
        for (Map<String, Serializable> part : parts) {
            for (Map<String, Serializable> one : maps(part.get(LEAVING))) {
                until.merge(text(one, TASK_MANAGER), number(one, UNTIL), Math::max);
            }
        }
        ArrayList<LinkedHashMap<String, Serializable>> leaving = new ArrayList<>();
        until.forEach((taskManager, untilMs) -> {
            LinkedHashMap<String, Serializable> one = new LinkedHashMap<>();
            one.put(TASK_MANAGER, taskManager);
            one.put(UNTIL, untilMs);
            leaving.add(one);
        });
        return leaving;
    }

    @SuppressWarnings("unchecked") // views are made of maps with texts as keys
    private static List<Map<String, Serializable>> maps(Object list) {
        return list == null ? List.of() : (List<Map<String, Serializable>>) list;
    }

    private static long number(Map<String, Serializable> view, String key) {
        return view.get(key) instanceof Number number ? number.longValue() : 0;
    }
}
