package io.holdfast.agent;

import io.holdfast.agent.heap.CollectionListener;
import io.holdfast.agent.heap.HeapControl;
import io.holdfast.agent.heap.HeapControls;
import io.holdfast.agent.heap.HeapUsage;
import io.holdfast.agent.heap.MemoryRoom;
import io.holdfast.agent.network.NetworkMemory;
import io.holdfast.agent.os.DiagnosticCommands;
import io.holdfast.agent.os.DirectMemory;
import io.holdfast.agent.os.JdkInternals;
import io.holdfast.agent.os.ProcessMemory;
import io.holdfast.agent.os.VmOptions;
import io.holdfast.agent.report.AgentLog;
import java.lang.instrument.Instrumentation;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** All that the agent moves and reads in this JVM. */
record Resources(
        HeapControl heap,
        HeapUsage usage,
        DirectMemory direct,
        DirectLimit directLimit,
        NetworkMemory network,
        ProcessMemory process,
        DiagnosticCommands commands,
        CollectionListener collections,
        String collector) {

    /** @param state what a predecessor handed over; empty if there was none */
    static Resources open(
            AgentOptions options,
            Instrumentation instrumentation,
            Runnable wake,
            Map<String, Object> state,
            AgentLog log) {
        VmOptions vm = new VmOptions();
        DiagnosticCommands commands = new DiagnosticCommands();
        ProcessMemory process = new ProcessMemory();
        HeapUsage usage = new HeapUsage(vm, commands);
        usage.restore((Long) state.getOrDefault("heap.live", -1L));
        CollectionListener collections = new CollectionListener(wake);
        JdkInternals internals = new JdkInternals(instrumentation);
        HeapControls controls = new HeapControls(vm, commands, usage, internals, log);
        List<Path> libraries = List.of(
                Path.of(System.getProperty("java.io.tmpdir", "/tmp")),
                options.socket().toAbsolutePath().getParent(),
                Path.of("").toAbsolutePath());
        MemoryRoom room = new MemoryRoom(process);
        HeapControl heap = controls.choose(collections, room, options.giveWay(), libraries, state);
        DirectMemory direct = new DirectMemory(internals, () -> usage.collect(heap::balloonBytes));
        DirectLimit limit = new DirectLimit(direct, heap, usage, room, options.giveWay(), state, log);
        return new Resources(
                heap, usage, direct, limit, new NetworkMemory(), process, commands, collections, controls.collector());
    }

    /** Gives back the heap, and the direct memory limit that there was: for an agent that did not start. */
    void undo(long directBytes) {
        heap.retire();
        if (directBytes >= 0 && direct.limitBytes() != directBytes) {
            direct.setLimit(directBytes);
        }
    }
}
