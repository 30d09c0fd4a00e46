package io.holdfast.resize.agent;

import io.holdfast.resize.plan.TaskManager;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/** What the agent's keys mean. A key that is missing where it must not be is told by its name. */
final class AgentAnswers {
    private static final int PROTOCOL = 1;

    private AgentAnswers() {}

    static void requireProtocol(Map<String, String> hello) throws IOException {
        if (number(hello, "protocol.min") > PROTOCOL || number(hello, "protocol.max") < PROTOCOL) {
            throw new IOException(
                    "The agent speaks versions %s to %s of its protocol, and this sidecar %d. Use images of one release"
                            .formatted(hello.get("protocol.min"), hello.get("protocol.max"), PROTOCOL));
        }
    }

    static TaskManager taskManager(Map<String, String> hello, Map<String, String> status) throws IOException {
        return new TaskManager(
                text(hello, "agent.version"),
                number(hello, "agent.started"),
                number(hello, "jvm.pid"),
                new TaskManager.Heap(
                        number(status, "heap.max"),
                        number(status, "heap.ceiling"),
                        Boolean.parseBoolean(text(status, "heap.ceiling.hard")),
                        number(status, "heap.used"),
                        number(status, "heap.live"),
                        number(status, "heap.floor"),
                        number(status, "heap.gave-way")),
                new TaskManager.Direct(
                        number(status, "direct.limit"), number(status, "direct.used"), number(status, "direct.floor")),
                network(status),
                cgroup(status),
                new TaskManager.Baseline(
                        numberOr(status, "baseline.limit", -1),
                        number(status, "baseline.heap"),
                        number(status, "baseline.direct"),
                        numberOr(status, "baseline.network", numberOr(status, "network.target", 0))),
                numberOr(status, "process.rss", -1),
                status.getOrDefault("operation", "none"));
    }

    private static Optional<TaskManager.Network> network(Map<String, String> status) throws IOException {
        if (!status.containsKey("network.size")) {
            return Optional.empty();
        }
        return Optional.of(new TaskManager.Network(
                number(status, "network.size"),
                number(status, "network.target"),
                number(status, "network.used"),
                number(status, "network.floor"),
                number(status, "network.min"),
                number(status, "network.max")));
    }

    private static Optional<TaskManager.Cgroup> cgroup(Map<String, String> status) throws IOException {
        if (numberOr(status, "cgroup.usage", -1) < 0) {
            return Optional.empty();
        }
        return Optional.of(new TaskManager.Cgroup(
                numberOr(status, "cgroup.limit", -1),
                number(status, "cgroup.usage"),
                numberOr(status, "cgroup.usage.reclaimable", 0)));
    }

    private static String text(Map<String, String> values, String key) throws IOException {
        String value = values.get(key);
        if (value == null) {
            throw new IOException("The agent's answer lacks " + key);
        }
        return value;
    }

    private static long number(Map<String, String> values, String key) throws IOException {
        String value = text(values, key);
        try {
            return Long.parseLong(value);
        } catch (NumberFormatException e) {
            throw new IOException("The agent's answer has no number in %s=%s".formatted(key, value), e);
        }
    }

    /** What is not known may be absent, or be no number. */
    private static long numberOr(Map<String, String> values, String key, long otherwise) {
        String value = values.get(key);
        return value == null || !value.matches("-?[0-9]{1,18}") ? otherwise : Long.parseLong(value);
    }
}
