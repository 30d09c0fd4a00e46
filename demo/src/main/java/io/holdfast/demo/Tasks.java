package io.holdfast.demo;

import io.holdfast.demo.Lane.Stage;
import io.holdfast.testing.FlinkRest;
import io.holdfast.testing.FlinkRest.Subtask;
import io.holdfast.testing.FlinkRest.Vertex;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The subtasks of the job at one moment: where each runs, and which attempt of it. */
record Tasks(List<Task> all) {

    /** One subtask of the vertex with this name. */
    record Task(String vertexName, Subtask subtask) {

        private String key() {
            return subtask.vertexId() + "/" + subtask.index();
        }
    }

    static Tasks now(FlinkRest rest, String jobId) {
        List<Task> all = new ArrayList<>();
        for (Vertex vertex : rest.job(jobId).vertices()) {
            rest.subtasks(jobId, vertex.id()).forEach(subtask -> all.add(new Task(vertex.name(), subtask)));
        }
        return new Tasks(List.copyOf(all));
    }

    boolean allRunning() {
        return !all.isEmpty()
                && all.stream().allMatch(task -> task.subtask().status().equals("RUNNING"));
    }

    /** How many subtasks run another attempt than {@code before}, however often they were restarted. */
    int restartedSince(Tasks before) {
        Map<String, Integer> attempts = new LinkedHashMap<>();
        before.all.forEach(task -> attempts.put(task.key(), task.subtask().attempt()));
        return (int) all.stream()
                .filter(task -> task.subtask().attempt() > attempts.getOrDefault(task.key(), Integer.MAX_VALUE))
                .count();
    }

    /** The one task that makes this lane. */
    Tasks of(Lane lane) {
        return new Tasks(all.stream().filter(task -> lane.equals(lane(task))).toList());
    }

    /** The tasks on one TaskManager. */
    Tasks on(String taskManagerId) {
        return new Tasks(all.stream()
                .filter(task -> task.subtask().taskManagerId().equals(taskManagerId))
                .toList());
    }

    List<Lane> lanes() {
        return all.stream().map(Tasks::lane).filter(lane -> lane != null).toList();
    }

    /** Null for the windows: no single flight passes there. */
    private static Lane lane(Task task) {
        String name = task.vertexName();
        Stage stage;
        if (name.contains("enrich")) {
            stage = Stage.ENRICH;
        } else if (name.contains("airport-stats")) {
            stage = Stage.AIRPORT_STATS;
        } else if (name.contains("Source: flights")) {
            stage = Stage.FLIGHTS;
        } else {
            return null;
        }
        return new Lane(stage, task.subtask().index());
    }
}
