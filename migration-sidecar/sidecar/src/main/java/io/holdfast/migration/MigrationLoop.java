package io.holdfast.migration;

import io.holdfast.migration.jobmanager.JobManager;
import io.holdfast.migration.notice.NoticeBoard;
import io.holdfast.migration.plan.Call;
import io.holdfast.migration.plan.Cause;
import io.holdfast.migration.plan.MoveProtocol;
import io.holdfast.migration.plan.Notice;
import io.holdfast.migration.plan.Phase;
import io.holdfast.migration.plan.Result;
import io.holdfast.migration.plan.Result.Trouble;
import io.holdfast.migration.plan.Rules;
import io.holdfast.migration.plan.Turn;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the notices, decides, has the JobManager asked, and looks again.
 *
 * <p>One thread, {@code holdfast-migration}, owns everything here. Calls, which wait for the JobManager, run in {@code
 * holdfast-jobmanager}, one at a time. What other threads want they put into a queue.
 */
final class MigrationLoop implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MigrationLoop.class);
    private static final Duration LONGEST_TURN = Duration.ofMinutes(1);

    /** How long a hook counts after its time: the signal that follows it shares its budget. */
    private static final Duration AFTER_THE_HOOK = Duration.ofSeconds(60);

    private final NoticeBoard board;
    private final JobManager jobManager;
    private final MoveProtocol protocol;
    private final Rules rules;
    private final Reporter reporter;
    private final LongSupplier nanoClock;

    private final LinkedBlockingQueue<Runnable> wishes = new LinkedBlockingQueue<>();
    private final Thread thread = new Thread(this::run, "holdfast-migration");
    private final ExecutorService calls = Executors.newSingleThreadExecutor(task -> {
        Thread call = new Thread(task, "holdfast-jobmanager");
        call.setDaemon(true);
        return call;
    });
    private final AtomicLong drains = new AtomicLong();
    private final List<Waiting> waiting = new ArrayList<>();
    private Optional<Result> result = Optional.empty();
    private volatile boolean closed;
    private volatile Snapshot snapshot = new Snapshot(Phase.QUIET, List.of(), Optional.empty(), Optional.empty(), "");
    private volatile long turnedNanos;

    /** Who holds up the pod's end. Stays after the answer was given, until its notice is taken down. */
    private record Waiting(Notice notice, long sinceNanos, CompletableFuture<Drain> answer) {}

    /** @param died called if it ends by an error: nobody hears notices any more then */
    MigrationLoop(
            NoticeBoard board,
            JobManager jobManager,
            Rules rules,
            Reporter reporter,
            LongSupplier nanoClock,
            Runnable died) {
        this.board = board;
        this.jobManager = jobManager;
        this.protocol = new MoveProtocol(rules);
        this.rules = rules;
        this.reporter = reporter;
        this.nanoClock = nanoClock;
        this.turnedNanos = nanoClock.getAsLong();
        thread.setUncaughtExceptionHandler((ended, error) -> {
            LOG.error("No notice is heard any more, by an error of its own. The process ends. Report it", error);
            died.run();
        });
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

    /**
     * Has the tasks moved, and answers when that is over, or when the time is. Any thread.
     *
     * @param cause one that {@linkplain Cause#holds() holds} up the pod's end
     */
    CompletableFuture<Drain> drain(Cause cause, String text) {
        Notice notice = new Notice(
                "%s:%d".formatted(MigrationSettings.word(cause), drains.incrementAndGet()),
                cause,
                text,
                OptionalLong.empty(),
                false);
        long since = nanoClock.getAsLong();
        CompletableFuture<Drain> answer = new CompletableFuture<>();
        wishes.add(() -> {
            waiting.add(new Waiting(notice, since, answer));
            board.add(notice);
        });
        return answer.copy()
                .completeOnTimeout( // even if nothing here works any more
                        new Drain(Drain.Outcome.BUDGET_USED, "", 0, "no decision was made in time", rules.budget()),
                        rules.budget().plusSeconds(1).toMillis(),
                        TimeUnit.MILLISECONDS);
    }

    /** Whether it turns, as it does several times in a minute. Any thread. */
    boolean alive() {
        return thread.isAlive() && nanoClock.getAsLong() - turnedNanos < LONGEST_TURN.toNanos();
    }

    private void run() {
        while (!closed) {
            try {
                long lookAgain = turn();
                await(lookAgain);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private long turn() {
        long now = nanoClock.getAsLong();
        Turn turn = protocol.advance(now, board.current(), result);
        result = Optional.empty();
        turnedNanos = now;
        snapshot = new Snapshot(
                protocol.phase(),
                protocol.notices(),
                protocol.move(),
                protocol.deadlineNanos(now).map(deadline -> deadline - now),
                protocol.trouble());
        turn.reports().forEach(reporter::tell);
        answer(now);
        turn.call().ifPresent(this::launch);
        return turn.lookAgainNanos();
    }

    private void answer(long now) {
        for (Iterator<Waiting> all = waiting.iterator(); all.hasNext(); ) {
            Waiting one = all.next();
            if (!one.answer().isDone() && !protocol.holds(one.notice().id(), now)) {
                Drain drain = Drain.of(snapshot, Duration.ofNanos(now - one.sinceNanos()));
                reporter.released(one.notice(), drain);
                one.answer().complete(drain);
            }
            if (now - one.sinceNanos() > rules.budget().plus(AFTER_THE_HOOK).toNanos()) {
                all.remove();
                board.remove(one.notice().id());
            }
        }
    }

    private void await(long lookAgainNanos) throws InterruptedException {
        long wait = Math.max(0, lookAgainNanos - nanoClock.getAsLong());
        Runnable wish = wishes.poll(wait, TimeUnit.NANOSECONDS);
        while (wish != null) {
            wish.run();
            wish = wishes.poll();
        }
    }

    private void launch(Call call) {
        calls.execute(() -> {
            Result came = made(call);
            wishes.add(() -> result = Optional.of(came));
        });
    }

    private Result made(Call call) {
        try {
            return jobManager.make(call);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Result.Failed(Trouble.AWAY, "the sidecar ends");
        } catch (RuntimeException e) {
            LOG.error("Call of the JobManager failed by an error of its own. Report it, with this stack trace", e);
            return new Result.Failed(Trouble.AWAY, e.toString());
        }
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        calls.shutdownNow();
    }
}
