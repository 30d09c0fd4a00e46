package io.holdfast.flink.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MoveViewsTest {

    @ParameterizedTest
    @CsvSource({
        "COMPLETED, COMPLETED, COMPLETED",
        "SWITCHING, COMPLETED, SWITCHING",
        "SWITCHING, RESERVING, RESERVING",
        "CHECKPOINTING, ARMING, ARMING",
        "COMPLETED, CANCELLED, CANCELLED",
        "COMPLETED, FAILED, FAILED",
        "CANCELLED, FAILED, FAILED",
        "FAILED, SWITCHING, SWITCHING", // who waits for the end must wait on
    })
    void wholeIsAsFarAsThePartThatIsBehind(String one, String other, String whole) {
        assertThat(MoveViews.whole(List.of(part("m", 1, "a", one), part("m", 1, "b", other))))
                .containsEntry("state", whole);
        assertThat(MoveViews.whole(List.of(part("m", 1, "b", other), part("m", 1, "a", one))))
                .containsEntry("state", whole);
    }

    @Test
    void failureSaysWhichJob() {
        Map<String, Serializable> failed = part("m", 1, "a", "FAILED");
        failed.put("detail", "no slots");

        assertThat(MoveViews.whole(List.of(part("m", 1, "b", "COMPLETED"), failed)))
                .containsEntry("detail", "job a: no slots");
        assertThat(MoveViews.whole(List.of(part("m", 1, "b", "COMPLETED")))).doesNotContainKey("detail");
    }

    @Test
    void worstStepAndEarliestTimesCount() {
        Map<String, Serializable> one = part("m", 20, "a", "COMPLETED");
        Map<String, Serializable> other = part("m", 10, "b", "COMPLETED");
        one.put("deadlineAt", 500L);
        one.put("step", "restart");
        one.put("degradations", list(map("at", 30L, "from", "checkpoint-and-restart", "to", "restart", "why", "w")));
        other.put("deadlineAt", 900L);
        other.put("step", "checkpoint-and-restart");
        other.put("degradations", list(map("at", 25L, "from", "handover", "to", "checkpoint-and-restart", "why", "v")));

        assertThat(MoveViews.whole(List.of(one, other)))
                .containsEntry("createdAt", 10L)
                .containsEntry("deadlineAt", 500L)
                .containsEntry("step", "restart")
                .extractingByKey("degradations")
                .asInstanceOf(InstanceOfAssertFactories.LIST)
                .containsExactly(
                        map("at", 25L, "from", "handover", "to", "checkpoint-and-restart", "why", "v", "job", "b"),
                        map("at", 30L, "from", "checkpoint-and-restart", "to", "restart", "why", "w", "job", "a"));
    }

    @Test
    void jobsWithNothingThereAreLeftOut() {
        Map<String, Serializable> there = part("m", 1, "a", "COMPLETED");
        there.put("subtasks", list(map("vertex", "v", "subtask", 3)));

        Map<String, Serializable> whole = MoveViews.whole(List.of(there, part("m", 1, "b", "COMPLETED")));

        LinkedHashMap<String, Serializable> shown = new LinkedHashMap<>();
        MoveViews.OF_JOB.forEach(key -> shown.put(key, there.get(key)));
        assertThat(whole).containsEntry("jobs", list(shown));
    }

    @Test
    void taskManagerLeavesAsLongAsForOneJob() {
        Map<String, Serializable> one = part("m", 1, "a", "COMPLETED");
        Map<String, Serializable> other = part("m", 1, "b", "COMPLETED");
        one.put("leaving", list(map("taskmanager", "tm-1", "until", 10L)));
        other.put("leaving", list(map("taskmanager", "tm-1", "until", 30L), map("taskmanager", "tm-2", "until", 20L)));

        assertThat(MoveViews.whole(List.of(one, other)))
                .containsEntry(
                        "leaving",
                        list(map("taskmanager", "tm-1", "until", 30L), map("taskmanager", "tm-2", "until", 20L)));
    }

    @Test
    void requestersOfAnyJobCount() {
        Map<String, Serializable> one = part("m", 1, "a", "ARMING");
        Map<String, Serializable> other = part("m", 1, "b", "ARMING");
        one.put("requesters", new ArrayList<>(List.of("guard", "sidecar")));
        other.put("requesters", new ArrayList<>(List.of("sidecar", "operator")));

        assertThat(MoveViews.whole(List.of(one, other)))
                .containsEntry("requesters", new ArrayList<>(List.of("guard", "sidecar", "operator")));
    }

    @Test
    void taskManagerThatLeavesForAnyJobLeaves() {
        Map<String, Serializable> one = map("leaving", list(oneLeaving("tm-1", 10L, "guard", "m")));
        Map<String, Serializable> other =
                map("leaving", list(oneLeaving("tm-2", 0L, "guard", "n"), oneLeaving("tm-1", 30L, "sidecar", "m")));

        Map<String, Serializable> tm1 = oneLeaving("tm-1", 30L, "guard", "m");
        tm1.put("requesters", new ArrayList<>(List.of("guard", "sidecar")));
        assertThat(MoveViews.leavingOf(List.of(one, other)))
                .containsEntry("leaving", list(tm1, oneLeaving("tm-2", 0L, "guard", "n")));
    }

    static LinkedHashMap<String, Serializable> oneLeaving(
            String taskManager, long until, String requester, String move) {
        return map(
                "taskmanager",
                taskManager,
                "until",
                until,
                "requesters",
                new ArrayList<>(List.of(requester)),
                "moves",
                new ArrayList<>(List.of(move)));
    }

    @Test
    void newestMoveComesFirst() {
        assertThat(MoveViews.all(List.of(
                        part("old", 10, "a", "COMPLETED"),
                        part("new", 20, "a", "ARMING"),
                        part("old", 11, "b", "CANCELLED"))))
                .extracting(move -> move.get("id") + " " + move.get("state"))
                .containsExactly("new ARMING", "old CANCELLED");
    }

    static Map<String, Serializable> part(String id, long createdAt, String job, String state) {
        Map<String, Serializable> part = map(
                "id",
                id,
                "job",
                job,
                "state",
                state,
                "detail",
                "",
                "reason",
                "spot",
                "createdAt",
                createdAt,
                "deadlineAt",
                createdAt + 30_000,
                "step",
                "handover",
                "checkpoint",
                7L);
        for (String list : List.of("degradations", "transitions", "subtasks", "leaving")) {
            part.put(list, list());
        }
        part.put("taskmanagers", new ArrayList<>(List.of("tm-1")));
        part.put("requesters", new ArrayList<>(List.of("anonymous")));
        return part;
    }

    @SafeVarargs
    private static ArrayList<Serializable> list(Map<String, Serializable>... elements) {
        ArrayList<Serializable> list = new ArrayList<>();
        for (Map<String, Serializable> element : elements) {
            list.add(new LinkedHashMap<>(element));
        }
        return list;
    }

    private static LinkedHashMap<String, Serializable> map(Object... keysAndValues) {
        LinkedHashMap<String, Serializable> map = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put((String) keysAndValues[i], (Serializable) keysAndValues[i + 1]);
        }
        return map;
    }
}
