package io.holdfast.agent;

import io.holdfast.agent.control.Request;
import io.holdfast.agent.heap.HeapControl;
import io.holdfast.agent.os.Cgroup;
import io.holdfast.agent.os.CgroupMemory;
import io.holdfast.agent.os.CgroupPlace;
import java.util.LinkedHashMap;
import java.util.Map;

/** What the agent tells of itself and of the JVM, by key of the protocol. */
final class StatusReport {
    private final Resources resources;
    private final Baseline baseline;
    private final Operations operations;
    private final String version;
    private final long startedMillis;

    StatusReport(Resources resources, Baseline baseline, Operations operations, String version, long startedMillis) {
        this.resources = resources;
        this.baseline = baseline;
        this.operations = operations;
        this.version = version;
        this.startedMillis = startedMillis;
    }

    Map<String, Object> hello() {
        CgroupPlace place = Cgroup.own().place();
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("protocol.min", Request.VERSION);
        values.put("protocol.max", Request.VERSION);
        values.put("agent.version", version);
        values.put("agent.started", startedMillis);
        values.put("jvm.pid", ProcessHandle.current().pid());
        values.put("jvm.vendor", System.getProperty("java.vendor", "unknown"));
        values.put("jvm.version", System.getProperty("java.vm.version", "unknown"));
        values.put("gc", resources.collector());
        values.put("heap.method", resources.heap().method().wire());
        values.put("heap.release", resources.heap().release());
        values.put("cgroup.path", place.path());
        values.put("cgroup.directory", place.directory());
        values.put("cgroup.version", place.version());
        return values;
    }

    Map<String, Object> status() {
        Map<String, Object> values = new LinkedHashMap<>(heap());
        values.putAll(direct());
        Map<String, Object> network = resources.network().read();
        baseline.see(network);
        values.putAll(network);
        CgroupMemory cgroup = Cgroup.own().memory();
        values.put("cgroup.limit", cgroup.limitBytes());
        values.put("cgroup.usage", cgroup.usageBytes());
        values.put("cgroup.usage.reclaimable", cgroup.reclaimableBytes());
        values.put("process.rss", resources.process().residentBytes());
        values.putAll(baseline.values());
        Operations.Running running = operations.running();
        values.put("operation", running == null ? "none" : running.name());
        values.put("operation.millis", running == null ? 0 : running.millis());
        return values;
    }

    Map<String, Object> heap() {
        HeapControl heap = resources.heap();
        heap.tend(); // what the collector took is known only to who looks
        long balloon = heap.balloonBytes();
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("heap.max", heap.maxBytes());
        values.put("heap.ceiling", heap.ceilingBytes());
        values.put("heap.ceiling.hard", heap.hard());
        values.put("heap.used", Math.max(0, resources.usage().usedBytes() - heap.notUsedBytes()));
        values.put("heap.committed", Math.max(0, resources.usage().committedBytes() - balloon));
        values.put("heap.live", resources.usage().liveBytes());
        values.put("heap.floor", heap.floorBytes());
        values.put("heap.balloon", balloon);
        values.put("heap.gave-way", heap.gaveWay());
        return values;
    }

    Map<String, Object> direct() {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("direct.limit", resources.direct().limitBytes());
        values.put("direct.used", resources.direct().usedBytes());
        values.put("direct.floor", resources.direct().usedBytes());
        values.put("direct.gave-way", resources.directLimit().getGaveWay());
        return values;
    }
}
