package io.holdfast.agent;

import io.holdfast.agent.control.Answer;
import io.holdfast.agent.control.ControlSocket;
import io.holdfast.agent.control.SocketFile;
import io.holdfast.agent.os.CommandLine;
import io.holdfast.agent.report.AgentException;
import io.holdfast.agent.report.AgentLog;
import io.holdfast.agent.report.ErrorCode;
import java.lang.instrument.Instrumentation;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * The agent, as the stub in the system class loader knows it: see {@code io.holdfast.agent.stub.Implementations} for what
 * it is asked, in types of the JDK only. It never lets an exception of its own reach the application.
 */
public final class Agent implements Function<Map<String, Object>, Map<String, Object>> {
    private final AgentLog log = new AgentLog();
    private final Operations operations = new Operations(log);
    private final Thread hook = new Thread(null, this::deleteSocket, "holdfast-agent-exit", 0, false);

    private String optionsText;
    private Function<String, Map<String, Object>> replace;
    private Resources resources;
    private Baseline baseline;
    private long startedMillis;
    private Watch watch;
    private ControlSocket socket;

    @Override
    public Map<String, Object> apply(Map<String, Object> request) {
        try {
            return switch (String.valueOf(request.get("action"))) {
                case "start" -> startOrEnd(request);
                case "upgrade" -> upgradeByAttachment((String) request.get("jar"));
                case "hand-over" -> handOver();
                case "resume" -> resume();
                case "retire" -> retire();
                default -> refusal("unsupported", "There is no action " + request.get("action") + ".");
            };
        } catch (AgentException e) {
            return refusal(e.code().wire(), e.getMessage());
        } catch (IllegalArgumentException e) {
            return refusal("bad-value", e.getMessage());
        }
    }

    private Map<String, Object> startOrEnd(Map<String, Object> request) {
        boolean done = false;
        try {
            Map<String, Object> answer = start(request);
            done = true;
            return answer;
        } finally {
            if (!done) {
                operations.end();
            }
        }
    }

    private Map<String, Object> start(Map<String, Object> request) {
        Map<String, Object> state = state(request);
        Instrumentation instrumentation = (Instrumentation) request.get("instrumentation");
        replace = Agent.<Function<String, Map<String, Object>>>cast(request.get("replace"));
        optionsText = (String) state.getOrDefault("options", request.get("options"));
        AgentOptions options = AgentOptions.parse(optionsText, CommandLine.read(), defaultSocket());
        String version = (String) request.get("version");
        Map<String, Object> answer = Map.of("version", version);
        startedMillis = (Long) state.getOrDefault("started", System.currentTimeMillis());
        resources = Resources.open(options, instrumentation, this::wake, state, log);
        boolean first = state.isEmpty();
        SocketFile file = first
                ? SocketFile.bind(options.socket())
                : SocketFile.bound(
                        Path.of((String) state.get("socket.path")), (ServerSocketChannel) state.get("socket.channel"));
        long directBefore = resources.direct().limitBytes();
        boolean done = false;
        try {
            if (first) {
                begin(options, Boolean.TRUE.equals(request.get("preloaded")));
                resources.directLimit().begin();
            }
            baseline = first ? Baseline.of(resources) : Baseline.restored((Map<?, ?>) state.get("baseline"));
            listen(file, report(version));
            done = true;
        } finally {
            if (!done) { // the application goes on as if nobody had come, or the predecessor does
                abandon();
                if (first) {
                    file.delete();
                    resources.undo(directBefore);
                }
            }
        }
        tellStarted(first, version);
        return answer;
    }

    private void tellStarted(boolean first, String version) {
        try {
            log.info(
                    first ? "Agent started" : "Agent took over",
                    "version",
                    version,
                    "socket",
                    socket.file().path(),
                    "gc",
                    resources.collector(),
                    "method",
                    resources.heap().method().wire(),
                    "release",
                    resources.heap().release(),
                    "ceiling",
                    resources.heap().ceilingBytes(),
                    "max",
                    resources.heap().maxBytes(),
                    "direct",
                    resources.direct().limitBytes());
        } catch (OutOfMemoryError e) {
            return; // it has started all the same
        }
    }

    /** Sets the first ceiling and limit. What this JVM cannot do is said, and is no reason not to start. */
    private void begin(AgentOptions options, boolean preloaded) {
        Commands commands = new Commands(resources, report("unused"), operations, this::upgrade, log);
        if (options.directBytes().isPresent()) {
            try {
                commands.direct(options.directBytes().getAsLong());
            } catch (AgentException e) {
                requireHarmless(e, e.code() == ErrorCode.UNSUPPORTED);
            }
        }
        if (options.heapBytes().isPresent()) {
            long wanted = options.heapBytes().getAsLong();
            try {
                commands.heap(wanted, StartPolicy.timeoutMillis(preloaded));
            } catch (AgentException e) {
                long floor = resources.heap().floorBytes();
                long max = resources.heap().maxBytes();
                requireHarmless(e, StartPolicy.startsWithout(e.code(), preloaded, wanted, floor, max));
            }
        }
    }

    private void requireHarmless(AgentException e, boolean harmless) {
        if (!harmless) {
            throw e;
        }
        log.warn("Option has no effect", "reason", e.getMessage());
    }

    private StatusReport report(String version) {
        return new StatusReport(resources, baseline, operations, version, startedMillis);
    }

    private void listen(SocketFile file, StatusReport report) {
        socket = new ControlSocket(
                file, new Commands(resources, report, operations, this::upgrade, log), System::nanoTime, log);
        HeapBean bean = new HeapBean(resources.heap(), resources.usage(), log);
        watch = new Watch(
                () -> {
                    bean.register();
                    resources.directLimit().register();
                },
                resources.heap()::tend,
                log);
        watch.start();
        resources.collections().start();
        Runtime.getRuntime().addShutdownHook(hook);
        socket.start(); // last: until then nobody has been told anything
    }

    private void wake() {
        Watch mine = watch;
        if (mine != null) {
            mine.wake();
        }
    }

    private Map<String, Object> upgradeByAttachment(String jar) {
        Answer answer = operations.run("upgrade", () -> upgrade(jar));
        return answer.error() == null ? answer.values() : refusal(answer.error().wire(), answer.message());
    }

    /** In the operation {@code upgrade}: on return a newer agent serves the socket, or this one goes on. */
    private Map<String, Object> upgrade(String jar) {
        Map<String, Object> answer = replace.apply(jar);
        if (answer.containsKey("error")) {
            String code = String.valueOf(answer.get("error"));
            throw new AgentException(
                    ErrorCode.ofWire(code), withoutStop(String.valueOf(answer.get("message"))), "This agent goes on");
        }
        retire();
        return Map.of("agent.version", String.valueOf(answer.get("version")));
    }

    /** Keeps hold of what it hands over: until the newer one serves, nobody may get between. */
    private Map<String, Object> handOver() {
        socket.pause();
        watch.pause();
        Map<String, Object> state = new HashMap<>(resources.heap().handOver());
        state.putAll(resources.directLimit().handOver());
        state.put("options", optionsText);
        state.put("started", startedMillis);
        state.put("baseline", baseline.values());
        state.put("heap.live", resources.usage().liveBytes());
        state.put("socket.path", socket.file().path().toString());
        state.put("socket.channel", socket.file().channel());
        return state;
    }

    /** Needs no memory: for want of that it may be called, and in the middle of handing over. */
    private Map<String, Object> resume() {
        watch.resume();
        socket.resume();
        return Map.of();
    }

    private Map<String, Object> retire() {
        resources.heap().retire();
        socket.end();
        operations.end();
        abandon();
        return Map.of();
    }

    private void abandon() {
        if (socket != null) {
            socket.end();
        }
        if (watch != null) {
            watch.end();
        }
        resources.collections().stop();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            return; // the JVM is ending
        }
    }

    private void deleteSocket() {
        socket.file().delete();
    }

    private static Path defaultSocket() {
        return Path.of(
                System.getProperty("java.io.tmpdir", "/tmp"),
                "holdfast-agent-" + ProcessHandle.current().pid() + ".sock");
    }

    private static Map<String, Object> state(Map<String, Object> request) {
        Object state = request.get("state");
        return state == null ? Map.of() : Agent.<Map<String, Object>>cast(state);
    }

    @SuppressWarnings("unchecked") // the contract between the stub and all versions
    private static <T> T cast(Object value) {
        return (T) value;
    }

    private static String withoutStop(String sentence) {
        return sentence.endsWith(".") ? sentence.substring(0, sentence.length() - 1) : sentence;
    }

    private static Map<String, Object> refusal(String code, String message) {
        return Map.of("error", code, "message", message);
    }
}
