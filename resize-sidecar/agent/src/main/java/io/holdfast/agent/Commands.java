package io.holdfast.agent;

import io.holdfast.agent.control.Answer;
import io.holdfast.agent.control.Request;
import io.holdfast.agent.control.RequestHandler;
import io.holdfast.agent.report.AgentException;
import io.holdfast.agent.report.AgentLog;
import io.holdfast.agent.report.Deadline;
import io.holdfast.agent.report.ErrorCode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/** Does what is asked for over the socket. */
final class Commands implements RequestHandler {
    private static final long TIMEOUT_MILLIS = 30_000;

    private final Resources resources;
    private final StatusReport report;
    private final Operations operations;
    private final Function<String, Map<String, Object>> upgrade;
    private final AgentLog log;

    /** @param upgrade replaces this agent by that of a jar; throws {@link AgentException} */
    Commands(
            Resources resources,
            StatusReport report,
            Operations operations,
            Function<String, Map<String, Object>> upgrade,
            AgentLog log) {
        this.resources = resources;
        this.report = report;
        this.operations = operations;
        this.upgrade = upgrade;
        this.log = log;
    }

    @Override
    public void handle(Request request, Consumer<Answer> answer) {
        switch (request.command()) {
            case HELLO -> answer.accept(Answer.ok(report.hello()));
            case STATUS -> answer.accept(Answer.ok(report.status()));
            default -> operations.submit(request.command().wire(), work(request), answer);
        }
    }

    /** Values are read here, so that a bad one is no operation. */
    private Supplier<Map<String, Object>> work(Request request) {
        return switch (request.command()) {
            case HEAP -> {
                long bytes = request.bytes();
                long timeout = request.timeoutMillis(TIMEOUT_MILLIS);
                yield () -> heap(bytes, timeout);
            }
            case DIRECT -> {
                long bytes = request.bytes();
                yield () -> direct(bytes);
            }
            case NETWORK -> {
                long bytes = request.bytes();
                long timeout = request.timeoutMillis(TIMEOUT_MILLIS);
                boolean waits = request.waits();
                yield () -> resources.network().resize(bytes, waits ? deadline(timeout) : null);
            }
            case TRIM -> this::trim;
            case LIVE -> this::live;
            case UPGRADE -> () -> upgrade.apply(request.values().get("jar"));
            case HELLO, STATUS -> throw new IllegalArgumentException("no operation: " + request.command());
        };
    }

    Map<String, Object> heap(long bytes, long timeoutMillis) {
        long before = resources.heap().ceilingBytes();
        long startNanos = System.nanoTime();
        resources.heap().setCeiling(bytes, deadline(timeoutMillis));
        long now = resources.heap().ceilingBytes();
        if (now > bytes && bytes < before) { // a hard one is read back; the application may have taken it back already
            throw new AgentException(
                    ErrorCode.INFEASIBLE,
                    "The ceiling is " + now + " bytes after it was set to " + bytes + ": it gave way",
                    "Ask for a higher one");
        }
        log.info(
                "Heap ceiling moved",
                "from",
                before,
                "to",
                now,
                "balloon",
                resources.heap().balloonBytes(),
                "tookMs",
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos));
        return report.heap();
    }

    Map<String, Object> direct(long bytes) {
        long before = resources.direct().limitBytes();
        resources.directLimit().set(bytes);
        log.info("Direct memory limit moved", "from", before, "to", bytes);
        return report.direct();
    }

    private Map<String, Object> trim() {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("process.rss.before", resources.process().residentBytes());
        resources.direct().collect();
        boolean trimmed = resources.commands().run("systemTrimNativeHeap").isPresent();
        resources.heap().tend();
        values.put("process.rss.after", resources.process().residentBytes());
        values.put("trim.native", trimmed ? "done" : "unsupported");
        return values;
    }

    private Map<String, Object> live() {
        resources.usage().collect(resources.heap()::balloonBytes);
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("heap.live", resources.usage().liveBytes());
        values.put("heap.floor", resources.heap().floorBytes());
        return values;
    }

    private static Deadline deadline(long millis) {
        return Deadline.in(millis, System::nanoTime);
    }
}
