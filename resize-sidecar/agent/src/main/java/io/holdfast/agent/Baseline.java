package io.holdfast.agent;

import io.holdfast.agent.os.Cgroup;
import java.util.LinkedHashMap;
import java.util.Map;

/** The sizes as they were when the first agent of this JVM started: what a resize is measured from. */
final class Baseline {
    private static final String NETWORK = "baseline.network";

    private final Map<String, Object> values;

    private Baseline(Map<String, Object> values) {
        this.values = values;
    }

    static Baseline of(Resources resources) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("baseline.limit", Cgroup.own().memory().limitBytes());
        values.put("baseline.heap", resources.heap().ceilingBytes());
        values.put("baseline.direct", resources.direct().limitBytes());
        return new Baseline(values);
    }

    /** Takes over what a predecessor noted. */
    static Baseline restored(Map<?, ?> state) {
        Map<String, Object> values = new LinkedHashMap<>();
        state.forEach((key, value) -> values.put(String.valueOf(key), value));
        return new Baseline(values);
    }

    /** Returns the sizes, by key of the protocol. Network memory has one from when it was first seen. */
    synchronized Map<String, Object> values() {
        return new LinkedHashMap<>(values);
    }

    /** @param network what network memory says of itself; may be empty */
    synchronized void see(Map<String, Object> network) {
        if (network.containsKey("network.size")) {
            values.putIfAbsent(NETWORK, network.get("network.size"));
        }
    }
}
