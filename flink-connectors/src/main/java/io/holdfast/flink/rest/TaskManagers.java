package io.holdfast.flink.rest;

import java.net.URI;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.flink.runtime.rest.handler.RestHandlerException;
import org.apache.flink.runtime.rest.handler.RestHandlerException.LoggingBehavior;
import org.apache.flink.runtime.rest.messages.taskmanager.TaskManagerInfo;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;

/**
 * The TaskManagers that are registered. Pure.
 *
 * @param hosts host that each listens at, by id; empty where its address names none
 */
record TaskManagers(Map<String, String> hosts) {

    private static final int FEW = 20;

    static TaskManagers of(Collection<TaskManagerInfo> registered) {
        Map<String, String> hosts = new TreeMap<>();
        registered.forEach(one -> hosts.put(one.getResourceId().getResourceIdString(), host(one.getAddress())));
        return new TaskManagers(hosts);
    }

    /** 404 if one of {@code ids} is not registered. */
    Optional<RestHandlerException> refusalOf(List<String> ids) {
        List<String> unknown = ids.stream().filter(id -> !hosts.containsKey(id)).toList();
        if (unknown.isEmpty()) {
            return Optional.empty();
        }
        String registered = hosts.isEmpty()
                ? "None is registered"
                : hosts.size() <= FEW
                        ? "Registered are " + String.join(", ", hosts.keySet())
                        : "%d others are registered; GET /taskmanagers shows them".formatted(hosts.size());
        return Optional.of(new RestHandlerException(
                "TaskManager %s is not registered, so there is nothing to move. %s"
                        .formatted(String.join(", ", unknown), registered),
                HttpResponseStatus.NOT_FOUND,
                LoggingBehavior.IGNORE));
    }

    /**
     * {@code ids}, and all that share a host or a node with one of them.
     *
     * @param nodes by id, of those of which the node is known: in Kubernetes each pod is a host of its own
     */
    List<String> onNodesOf(List<String> ids, Map<String, String> nodes) {
        Set<String> leaving = new HashSet<>();
        for (String id : ids) {
            leaving.add("host " + hosts.get(id));
            leaving.add("node " + nodes.get(id));
        }
        leaving.remove("host "); // not known
        leaving.remove("node " + null);
        return hosts.entrySet().stream()
                .filter(one -> ids.contains(one.getKey())
                        || leaving.contains("host " + one.getValue())
                        || leaving.contains("node " + nodes.get(one.getKey())))
                .map(Map.Entry::getKey)
                .toList();
    }

    /** Of an address such as {@code pekko.tcp://flink@10.0.0.7:6122/user/rpc/taskmanager_0}. */
    private static String host(String address) {
        try {
            return Objects.requireNonNullElse(URI.create(address).getHost(), "");
        } catch (IllegalArgumentException e) {
            return "";
        }
    }
}
