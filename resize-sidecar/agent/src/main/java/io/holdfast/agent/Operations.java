package io.holdfast.agent;

import io.holdfast.agent.control.Answer;
import io.holdfast.agent.report.AgentException;
import io.holdfast.agent.report.AgentLog;
import io.holdfast.agent.report.ErrorCode;
import io.holdfast.agent.report.LogGate;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** What changes something: one at a time, on a thread of its own. A second one is refused, not queued. */
final class Operations {
    private final AtomicReference<Running> running = new AtomicReference<>();
    private final LogGate refusals = new LogGate(System::nanoTime);
    private final AgentLog log;
    private final ExecutorService thread;

    /** An operation that is under way. */
    record Running(String name, long startNanos) {
        long millis() {
            return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
        }
    }

    Operations(AgentLog log) {
        this(ownThread(), log);
    }

    /** @param thread runs one at a time */
    Operations(ExecutorService thread, AgentLog log) {
        this.thread = thread;
        this.log = log;
    }

    private static ExecutorService ownThread() {
        ThreadPoolExecutor one =
                new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), work -> {
                    Thread worker = new Thread(null, work, "holdfast-agent-operation", 0, false);
                    worker.setDaemon(true);
                    return worker;
                });
        one.prestartCoreThread(); // when it is needed there may be no memory for one
        return one;
    }

    /** Returns what is under way; null if nothing is. */
    Running running() {
        return running.get();
    }

    /** Starts {@code work} on the thread of operations, unless another is under way; then answers that. */
    void submit(String name, Supplier<Map<String, Object>> work, Consumer<Answer> answer) {
        Running mine = new Running(name, System.nanoTime());
        if (!running.compareAndSet(null, mine)) {
            answer.accept(busy());
            return;
        }
        try {
            thread.execute(() -> {
                if (running.get() == mine) { // else its start was answered as failed
                    answer.accept(done(mine, work));
                }
            });
        } catch (RejectedExecutionException e) {
            running.set(null);
            answer.accept(busy());
        } catch (Throwable e) { // no memory for it, say
            running.set(null);
            throw e;
        }
    }

    /** As {@link #submit}, on the calling thread. */
    Answer run(String name, Supplier<Map<String, Object>> work) {
        Running mine = new Running(name, System.nanoTime());
        return running.compareAndSet(null, mine) ? done(mine, work) : busy();
    }

    /** Takes no more work. What is under way is finished. */
    void end() {
        thread.shutdown();
    }

    private Answer done(Running mine, Supplier<Map<String, Object>> work) {
        Answer answer = Answer.NO_MEMORY;
        try {
            answer = answered(work);
            if (answer.error() != null && refusals.opens(mine.name() + answer.error())) {
                log.warn(
                        "Operation refused",
                        "operation",
                        mine.name(),
                        "tookMs",
                        mine.millis(),
                        "error",
                        answer.error().wire(),
                        "message",
                        answer.message());
            }
            return answer;
        } catch (Throwable e) { // not even memory for the answer, or for the line about it
            return answer;
        } finally {
            running.set(null);
        }
    }

    private static Answer answered(Supplier<Map<String, Object>> work) {
        try {
            return Answer.ok(work.get());
        } catch (AgentException e) {
            return Answer.of(e);
        } catch (RuntimeException | Error e) {
            return Answer.failed(e);
        }
    }

    private Answer busy() {
        Running other = running.get();
        String what = other == null ? "another operation" : other.name() + " since " + other.millis() + " ms";
        return Answer.error(ErrorCode.BUSY, "The agent is busy with " + what + ". Ask again when status says none.");
    }
}
