package io.holdfast.migration;

import io.holdfast.migration.client.MoveView;
import io.holdfast.migration.plan.Notice;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** What is known and done, as JSON. Times are milliseconds; what is not known is left out. */
final class StatusJson {
    private StatusJson() {}

    static JsonObject of(Snapshot snapshot, Optional<String> taskManager) {
        JsonObject json = new JsonObject().put("phase", MigrationSettings.word(snapshot.phase()));
        taskManager.ifPresent(id -> json.put("taskManager", id));
        snapshot.leftNanos().ifPresent(nanos -> json.put("leftMs", TimeUnit.NANOSECONDS.toMillis(nanos)));
        if (!snapshot.trouble().isBlank()) {
            json.put("trouble", snapshot.trouble());
        }
        JsonArray notices = new JsonArray();
        snapshot.notices().forEach(notice -> notices.add(notice(notice)));
        json.put("notices", notices);
        snapshot.move().ifPresent(move -> json.put("move", move(move)));
        return json;
    }

    static JsonObject of(Drain drain) {
        JsonObject json = new JsonObject()
                .put("outcome", MigrationSettings.word(drain.outcome()))
                .put("subtasks", drain.subtasks())
                .put("tookMs", drain.took().toMillis());
        if (!drain.move().isBlank()) {
            json.put("move", drain.move());
        }
        if (!drain.detail().isBlank()) {
            json.put("reason", drain.detail());
        }
        return json;
    }

    private static JsonObject notice(Notice notice) {
        return new JsonObject()
                .put("cause", MigrationSettings.word(notice.cause()))
                .put("text", notice.text())
                .put("scope", notice.node() ? "node" : "taskmanager");
    }

    private static JsonObject move(MoveView move) {
        JsonObject json = new JsonObject()
                .put("id", move.id())
                .put("state", MigrationSettings.word(move.state()))
                .put("subtasks", move.subtasks());
        if (!move.step().isBlank()) {
            json.put("step", move.step());
        }
        if (!move.detail().isBlank()) {
            json.put("detail", move.detail());
        }
        return json;
    }
}
