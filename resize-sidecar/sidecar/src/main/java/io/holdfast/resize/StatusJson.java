package io.holdfast.resize;

import io.holdfast.resize.plan.Operation;
import io.holdfast.resize.plan.TaskManager;
import io.holdfast.resize.plan.World;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** What is known and done, as JSON. Amounts are bytes; what is not known is left out. */
final class StatusJson {
    private StatusJson() {}

    static JsonObject of(Snapshot snapshot, List<History.Entry> recent) {
        World world = snapshot.world();
        JsonObject json = new JsonObject().put("phase", Reporter.word(snapshot.phase()));
        snapshot.operation().ifPresent(operation -> json.put("operation", operation(snapshot, operation)));
        JsonObject container = new JsonObject().put("source", snapshot.cgroup().orElse("agent"));
        world.limitBytes().ifPresent(bytes -> container.put("limitBytes", bytes));
        world.usageBytes().ifPresent(bytes -> container.put("usageBytes", bytes));
        json.put("container", container);
        world.taskManager().ifPresent(jvm -> json.put("taskManager", taskManager(jvm)));
        world.pod().ifPresent(pod -> json.put("pod", pod(pod)));
        snapshot.noApi().ifPresent(reason -> json.put("withoutApi", reason));
        JsonArray entries = new JsonArray();
        recent.forEach(entry -> entries.add(of(entry)));
        return json.put("recent", entries);
    }

    static JsonObject of(History.Entry entry) {
        JsonObject json = new JsonObject()
                .put("id", entry.id())
                .put("cause", entry.cause())
                .put("fromBytes", entry.fromBytes())
                .put("targetBytes", entry.targetBytes())
                .put("outcome", entry.outcome());
        if (!entry.reason().isBlank()) {
            json.put("message", entry.reason());
        }
        return json.put("tookMs", entry.tookMs()).put("at", entry.at().toString());
    }

    private static JsonObject operation(Snapshot snapshot, Operation operation) {
        JsonObject json = new JsonObject()
                .put("id", operation.request().id())
                .put("cause", Reporter.word(operation.request().cause()))
                .put("fromBytes", operation.fromBytes())
                .put("targetBytes", operation.targetBytes());
        snapshot.step().ifPresent(step -> json.put("step", step.toString()));
        if (!snapshot.reason().isBlank()) {
            json.put("message", snapshot.reason());
        }
        return json;
    }

    private static JsonObject taskManager(TaskManager jvm) {
        JsonObject json = new JsonObject()
                .put("agentVersion", jvm.agentVersion())
                .put("startedMillis", jvm.startedMillis())
                .put("rssBytes", jvm.rssBytes())
                .put(
                        "heap",
                        new JsonObject()
                                .put("maxBytes", jvm.heap().maxBytes())
                                .put("ceilingBytes", jvm.heap().ceilingBytes())
                                .put("hard", jvm.heap().hard())
                                .put("usedBytes", jvm.heap().usedBytes())
                                .put("liveBytes", jvm.heap().liveBytes())
                                .put("floorBytes", jvm.heap().floorBytes())
                                .put("gaveWay", jvm.heap().gaveWay()))
                .put(
                        "direct",
                        new JsonObject()
                                .put("limitBytes", jvm.direct().limitBytes())
                                .put("usedBytes", jvm.direct().usedBytes()));
        jvm.network()
                .ifPresent(network -> json.put(
                        "network",
                        new JsonObject()
                                .put("sizeBytes", network.sizeBytes())
                                .put("targetBytes", network.targetBytes())
                                .put("usedBytes", network.usedBytes())
                                .put("floorBytes", network.floorBytes())
                                .put("minBytes", network.minBytes())
                                .put("maxBytes", network.maxBytes())));
        return json;
    }

    private static JsonObject pod(World.Pod pod) {
        JsonObject json = new JsonObject().put("limitBytes", pod.limitBytes());
        pod.condition()
                .ifPresent(condition ->
                        json.put("condition", Reporter.word(condition.kind())).put("message", condition.message()));
        return json;
    }
}
