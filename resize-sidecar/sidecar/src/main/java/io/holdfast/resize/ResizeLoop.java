package io.holdfast.resize;

import io.holdfast.resize.agent.AgentClient;
import io.holdfast.resize.agent.AgentRefusal;
import io.holdfast.resize.agent.Attaching;
import io.holdfast.resize.apply.StepRunner;
import io.holdfast.resize.observe.ContainerMemory;
import io.holdfast.resize.plan.Admission;
import io.holdfast.resize.plan.Phase;
import io.holdfast.resize.plan.Request;
import io.holdfast.resize.plan.ResizeProtocol;
import io.holdfast.resize.plan.Rules;
import io.holdfast.resize.plan.Step;
import io.holdfast.resize.plan.TaskManager;
import io.holdfast.resize.plan.Turn;
import io.holdfast.resize.plan.World;
import io.holdfast.resize.pod.PodWatch;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks, decides, acts, and looks again: at once when something happened, and once in a while when not.
 *
 * <p>One thread, {@code holdfast-resize}, owns everything here. Steps, which wait for others, run in {@code
 * holdfast-resize-step}, one at a time. What other threads want they put into a queue.
 */
final class ResizeLoop implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ResizeLoop.class);

    /** Of a quiet TaskManager whose limit is seen directly, all that can change is the process. */
    private static final Duration QUIET_STATUS = Duration.ofSeconds(5);

    /** A turn waits for nothing but an agent, and a file; attaching takes longest. */
    private static final Duration LONGEST_TURN = Duration.ofMinutes(3);

    /** A container that is about to lose memory is not grown for want of a few seconds. */
    private static final Duration POD_PATIENCE = Duration.ofSeconds(10);

    private final AgentClient agent;
    private final Attaching attaching;
    private final ContainerMemory memory;
    private final Optional<PodWatch> pod;
    private final StepRunner runner;
    private final ResizeProtocol protocol;
    private final Rules rules;
    private final Duration poll;
    private final Optional<String> noApi;
    private final Reporter reporter;
    private final LongSupplier nanoClock;

    private final LinkedBlockingQueue<Runnable> wishes = new LinkedBlockingQueue<>();
    private final Thread thread = new Thread(this::run, "holdfast-resize");
    private final ExecutorService steps = Executors.newSingleThreadExecutor(task -> {
        Thread step = new Thread(task, "holdfast-resize-step");
        step.setDaemon(true);
        return step;
    });
    private volatile boolean closed;
    private volatile Snapshot snapshot;
    private volatile long turnedNanos;

    private Optional<TaskManager> taskManager = Optional.empty();
    private Optional<Long> statusNanos = Optional.empty();
    private Optional<World.Result> result = Optional.empty();
    private String agentTold = "";
    private boolean cancel;
    private boolean stepRunning;
    private long lookAgainNanos;

    /**
     * @param noApi why limits cannot be set in the pod; empty if they can
     * @param died called if it ends by an error: nobody follows limits any more then
     */
    ResizeLoop(
            AgentClient agent,
            Attaching attaching,
            ContainerMemory memory,
            Optional<PodWatch> pod,
            StepRunner runner,
            ResizeSettings settings,
            Optional<String> noApi,
            Reporter reporter,
            LongSupplier nanoClock,
            Runnable died) {
        this.agent = agent;
        this.attaching = attaching;
        this.memory = memory;
        this.pod = pod;
        this.runner = runner;
        long nowNanos = nanoClock.getAsLong();
        this.protocol = new ResizeProtocol(
                settings.planner(),
                settings.rules(),
                nowNanos,
                pod.isPresent() ? nowNanos + POD_PATIENCE.toNanos() : nowNanos);
        this.rules = settings.rules();
        this.poll = settings.poll();
        this.noApi = noApi;
        this.reporter = reporter;
        this.nanoClock = nanoClock;
        thread.setUncaughtExceptionHandler((ended, error) -> {
            LOG.error("Nothing is resized any more, by an error of its own. The process ends. Report it", error);
            died.run();
        });
        this.turnedNanos = nowNanos;
        this.lookAgainNanos = nowNanos;
        this.snapshot = snapshot(World.unknown(nowNanos));
    }

    void start() {
        thread.start();
    }

    /** What was seen and decided last. Any thread. */
    Snapshot snapshot() {
        return snapshot;
    }

    /** Looks again now. Any thread. */
    void wake() {
        wishes.add(() -> {});
    }

    /** Begins a resize, if it is admitted. Any thread. */
    CompletableFuture<Admission> submit(Request request) {
        CompletableFuture<Admission> answer = new CompletableFuture<>();
        wishes.add(() -> {
            statusNanos = Optional.empty(); // by what is true now, not a few seconds ago
            World world = look();
            Admission admission = Admission.of(request.cause(), request.targetBytes(), protocol, rules, world, noApi);
            if (admission.kind() == Admission.Kind.ACCEPTED) {
                cancel = false;
                act(protocol.begin(request, world));
            }
            snapshot = snapshot(world);
            answer.complete(admission);
        });
        return answer;
    }

    /** Gives up what is under way, if that is possible still; answers with its phase at that moment. Any thread. */
    CompletableFuture<Phase> cancel() {
        CompletableFuture<Phase> answer = new CompletableFuture<>();
        wishes.add(() -> {
            cancel = protocol.phase().cancellable();
            answer.complete(protocol.phase());
        });
        return answer;
    }

    /** Whether it turns, as it does several times in a minute. Any thread. */
    boolean alive() {
        return thread.isAlive() && nanoClock.getAsLong() - turnedNanos < LONGEST_TURN.toNanos();
    }

    private void run() {
        while (!closed) {
            try {
                turn();
                await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } catch (RuntimeException e) { // sizes stay as they are; the next turn starts from what it finds
                LOG.error("Turn failed by an error of its own. Report it, with this stack trace", e);
                lookAgainNanos = nanoClock.getAsLong() + poll.toNanos();
            }
        }
    }

    private void turn() {
        World world = look();
        Turn turn = protocol.advance(world);
        turnedNanos = nanoClock.getAsLong();
        result = Optional.empty();
        if (protocol.operation().isEmpty()) {
            cancel = false;
        }
        act(turn);
        if (world.taskManager().isEmpty() && !stepRunning) {
            attaching.tryNow();
        }
        snapshot = snapshot(world);
    }

    private void await() throws InterruptedException {
        long now = nanoClock.getAsLong();
        long wait = poll.toNanos();
        if (lookAgainNanos - now > 0 && !stepRunning) {
            wait = Math.min(wait, lookAgainNanos - now);
        }
        Runnable wish = wishes.poll(wait, TimeUnit.NANOSECONDS);
        while (wish != null) {
            wish.run();
            wish = wishes.poll();
        }
    }

    private void act(Turn turn) {
        lookAgainNanos = turn.lookAgainNanos();
        turn.reports().forEach(reporter::tell);
        turn.launch().ifPresent(step -> launch(step, turn.deadlineNanos()));
    }

    private void launch(Step step, long deadlineNanos) {
        stepRunning = true;
        Duration time = Duration.ofNanos(deadlineNanos - nanoClock.getAsLong());
        steps.execute(() -> {
            World.Result ended = new World.Result(step, runner.run(step, time));
            wishes.add(() -> {
                stepRunning = false;
                statusNanos = Optional.empty();
                result = Optional.of(ended);
            });
        });
    }

    private World look() {
        Optional<ContainerMemory.Look> seen = memory.look();
        lookAtAgent(seen.isPresent());
        Optional<TaskManager.Cgroup> told = taskManager.flatMap(TaskManager::cgroup);
        OptionalLong limit = seen.map(ContainerMemory.Look::limitBytes)
                .orElseGet(() -> told.map(TaskManager.Cgroup::limitBytes)
                        .filter(bytes -> bytes > 0)
                        .map(OptionalLong::of)
                        .orElse(OptionalLong.empty()));
        OptionalLong usage = seen.map(look -> OptionalLong.of(look.usageBytes()))
                .orElseGet(() -> told.map(agentSees -> OptionalLong.of(agentSees.usageBytes()))
                        .orElse(OptionalLong.empty()));
        return new World(nanoClock.getAsLong(), limit, usage, taskManager, pod.flatMap(PodWatch::pod), cancel, result);
    }

    private void lookAtAgent(boolean limitSeen) {
        long now = nanoClock.getAsLong();
        boolean fresh = statusNanos.isPresent()
                && now - statusNanos.get() < QUIET_STATUS.toNanos()
                && limitSeen
                && taskManager.isPresent()
                && protocol.phase() == Phase.STABLE;
        if (fresh) {
            return;
        }
        try {
            taskManager = Optional.of(agent.status());
            statusNanos = Optional.of(now);
            if (!agentTold.equals("found")) {
                agentTold = "found";
                TaskManager found = taskManager.get();
                LOG.info(
                        "Agent found: version={} pid={} heapMax={} ceiling={} hard={}",
                        found.agentVersion(),
                        found.pid(),
                        found.heap().maxBytes(),
                        found.heap().ceilingBytes(),
                        found.heap().hard());
            }
        } catch (IOException | AgentRefusal e) {
            taskManager = Optional.empty();
            if (!agentTold.equals(e.getMessage())) {
                agentTold = String.valueOf(e.getMessage());
                LOG.info("Agent away: reason={}. The TaskManager keeps its sizes; it is waited for", e.getMessage());
            }
        }
    }

    private Snapshot snapshot(World world) {
        return new Snapshot(
                world,
                protocol.phase(),
                protocol.operation(),
                protocol.step(),
                protocol.reason(),
                memory.memory().map(Object::toString),
                noApi);
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        steps.shutdownNow();
        memory.close();
    }
}
