package io.holdfast.demo;

import io.holdfast.demo.Lane.Stage;
import io.holdfast.demo.RunResult.Blow;
import io.holdfast.demo.RunResult.Kind;
import io.holdfast.demo.RunResult.Moved;
import io.holdfast.demo.flights.ArrivalFile;
import io.holdfast.demo.flights.FlightsJob;
import io.holdfast.demo.flights.RunDirectory;
import io.holdfast.testing.FlinkProcesses;
import io.holdfast.testing.FlinkRest;
import io.holdfast.testing.Moves;
import io.holdfast.testing.Moves.Move;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** One run: starts a cluster and the job, breaks things on schedule, drains the stream, and measures. */
final class DemoRun {

    private static final String DATA = "/data/us-flights-2001.csv.gz";
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration QUIET = Duration.ofMillis(1_500);
    private static final Duration LAST_SIGN = Duration.ofSeconds(2);
    private static final int POLL_MILLIS = 100;

    private final Mode mode;
    private final Installation installation;
    private final Schedule schedule;
    private final int restPort;
    private final Progress progress;
    private final RunDirectory directory;

    DemoRun(Mode mode, Installation installation, Schedule schedule, int restPort, Progress progress) {
        this.mode = mode;
        this.installation = installation;
        this.schedule = schedule;
        this.restPort = restPort;
        this.progress = progress;
        this.directory = new RunDirectory(installation.runDirectory(mode));
    }

    /** A blow before its consequences are known. */
    private record Strike(Kind kind, String target, long atMillis, Tasks before, Tasks hit) {}

    /** What the run was told when it looked for the last time. */
    private record Ending(long atMillis, Tasks tasks, Optional<Incidents> incidents) {}

    /** Ends with the cluster gone, or still running and named on standard output if {@code keep}. */
    RunResult run(boolean keep) throws IOException {
        Directories.empty(directory.path());
        try (InputStream csv = DemoRun.class.getResourceAsStream(DATA)) {
            directory.writeTable(csv);
        }
        progress.say(mode, "starting a JobManager and %d TaskManagers", Schedule.TASK_MANAGERS);
        try (FlinkProcesses cluster = mode.cluster(FlinkProcesses.in(directory.path()), installation)
                .taskManagers(Schedule.TASK_MANAGERS)
                .slotsPerTaskManager(Schedule.SLOTS_PER_TASK_MANAGER)
                .restPort(restPort)
                .start()) {
            progress.say(mode, "cluster is up, web interface at %s", cluster.restAddress());
            try {
                RunResult result = onCluster(cluster);
                if (keep) {
                    leave(cluster);
                }
                return result;
            } catch (RuntimeException | IOException e) {
                throw new IllegalStateException(
                        "The %s run broke off: %s Logs are in %s."
                                .formatted(mode.label(), e.getMessage(), directory.path()),
                        e);
            }
        }
    }

    private RunResult onCluster(FlinkProcesses cluster) throws IOException {
        FlinkRest rest = cluster.rest();
        String jobId = submit(cluster);
        try (JobWatch watch = new JobWatch(rest, jobId)) {
            await("all tasks running", () -> Tasks.now(rest, jobId).allRunning());
            await("the first output", () -> ArrivalFile.count(directory.arrivals()) > 0);
            progress.say(
                    mode,
                    "job is running, warming up for %d s",
                    schedule.warmUp().toSeconds());
            sleep(schedule.warmUp());

            long startMillis = System.currentTimeMillis();
            List<Strike> strikes = new ArrayList<>();
            sleep(schedule.lead());
            strikes.add(failTask(rest, jobId));
            sleep(schedule.afterTask());
            strikes.add(killTaskManager(cluster, jobId));
            sleep(schedule.afterTaskManager());
            long lostBefore = lost(rest, jobId);
            Tasks beforeEviction = Tasks.now(rest, jobId);
            Strike eviction = evicted(beforeEviction);
            strikes.add(eviction);
            Optional<Move> move = evict(cluster, eviction);
            sleep(schedule.afterEviction());
            Ending ending = drain(rest, jobId);

            Optional<Moved> moved = move.map(ended -> moved(ended, lost(rest, jobId) - lostBefore));
            return judge(rest, watch, startMillis, strikes, moved, ending);
        }
    }

    private String submit(FlinkProcesses cluster) {
        String output = cluster.run(
                FlightsJob.class.getName(),
                List.of(
                        cluster.restAddress().getHost(),
                        Integer.toString(cluster.restAddress().getPort()),
                        directory.path().toString(),
                        Integer.toString(Schedule.PARALLELISM),
                        Integer.toString(schedule.flightsPerSecond())));
        return output.lines()
                .filter(line -> line.startsWith(FlightsJob.JOB_ID))
                .map(line -> line.substring(FlightsJob.JOB_ID.length()))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("No job id in: " + output));
    }

    private Strike failTask(FlinkRest rest, String jobId) throws IOException {
        Tasks before = Tasks.now(rest, jobId);
        Lane lane = new Lane(Stage.AIRPORT_STATS, Schedule.FAILED_SUBTASK);
        progress.say(mode, "failing one task: %s throws", lane);
        long atMillis = System.currentTimeMillis();
        directory.failures().add(FlightsJob.KEYED, Schedule.FAILED_SUBTASK);
        return new Strike(Kind.TASK, lane.toString(), atMillis, before, before.of(lane));
    }

    private Strike killTaskManager(FlinkProcesses cluster, String jobId) {
        Tasks before = Tasks.now(cluster.rest(), jobId);
        Lane lane = new Lane(Stage.AIRPORT_STATS, Schedule.KILLED_WITH_SUBTASK);
        String id = before.of(lane).all().get(0).subtask().taskManagerId();
        Tasks hit = before.on(id);
        progress.say(
                mode,
                "kill -9 %d: %s with %d tasks",
                cluster.taskManager(id).pid(),
                id,
                hit.all().size());
        long atMillis = System.currentTimeMillis();
        cluster.taskManager(id).kill();
        return new Strike(Kind.TASK_MANAGER, id, atMillis, before, hit);
    }

    private Strike evicted(Tasks before) {
        Lane lane = new Lane(Stage.AIRPORT_STATS, Schedule.EVICTED_WITH_SUBTASK);
        String id = before.of(lane).all().get(0).subtask().taskManagerId();
        Tasks hit = before.on(id);
        progress.say(
                mode,
                "eviction: %s with %d tasks has %d s to end",
                id,
                hit.all().size(),
                schedule.notice().toSeconds());
        return new Strike(Kind.EVICTION, id, System.currentTimeMillis(), before, hit);
    }

    /** Ends the TaskManager as the kubelet does; Holdfast is told before, as its sidecar does, and given the time. */
    private Optional<Move> evict(FlinkProcesses cluster, Strike eviction) {
        Optional<Move> move = Optional.empty();
        if (mode == Mode.HOLDFAST) {
            Moves moves = new Moves(cluster.rest());
            Move asked = moves.start(eviction.target(), schedule.notice(), "eviction in the demo");
            Move ended = moves.awaitEnd(asked.id(), PATIENCE);
            progress.say(mode, "%d tasks moved, %s", ended.subtasks().size(), how(ended));
            move = Optional.of(ended);
        }
        cluster.taskManager(eviction.target()).terminate();
        return move;
    }

    private static Moved moved(Move move, long lostRecords) {
        return new Moved(
                move.isHandedOver(),
                how(move),
                move.subtasks().size(),
                move.reachedAt(move.state()) - move.createdAt(),
                move.subtasks().stream()
                        .mapToLong(subtask -> subtask.runningAt() - subtask.stoppedAt())
                        .max()
                        .orElse(0),
                lostRecords);
    }

    private static String how(Move move) {
        return move.isHandedOver()
                ? "handed over"
                : "%s by %s %s"
                        .formatted(move.state(), move.step(), move.detail())
                        .strip();
    }

    /** What Holdfast's ledger says was lost by now. */
    private static long lost(FlinkRest rest, String jobId) {
        return rest.find("/holdfast/jobs/" + jobId + "/incidents")
                .map(Incidents::of)
                .map(Incidents::lostRecords)
                .orElse(0L);
    }

    /** Ends the stream and waits for what is still on its way, so that every record is either there or lost. */
    private Ending drain(FlinkRest rest, String jobId) throws IOException {
        progress.say(mode, "draining the stream");
        long atMillis = System.currentTimeMillis();
        directory.requestDrain();
        await("every source drained", () -> {
            try {
                for (int split = 0; split < Schedule.PARALLELISM; split++) {
                    if (directory.readEmitted(split).isEmpty()) {
                        return false;
                    }
                }
                return true;
            } catch (IOException e) {
                return false;
            }
        });
        long[] seen = {-1, System.nanoTime()};
        await("quiet at the sinks", () -> {
            long count = ArrivalFile.count(directory.arrivals());
            if (count != seen[0]) {
                seen[0] = count;
                seen[1] = System.nanoTime();
            }
            return System.nanoTime() - seen[1] > QUIET.toNanos();
        });
        return new Ending(
                atMillis,
                Tasks.now(rest, jobId),
                rest.find("/holdfast/jobs/" + jobId + "/incidents").map(Incidents::of));
    }

    private RunResult judge(
            FlinkRest rest,
            JobWatch watch,
            long startMillis,
            List<Strike> strikes,
            Optional<Moved> moved,
            Ending ending)
            throws IOException {
        Arrivals arrivals = Arrivals.read(directory, Schedule.PARALLELISM);
        List<Blow> blows = new ArrayList<>();
        for (int i = 0; i < strikes.size(); i++) {
            Strike strike = strikes.get(i);
            boolean last = i + 1 == strikes.size();
            long untilMillis = last ? ending.atMillis() : strikes.get(i + 1).atMillis();
            Tasks after = last ? ending.tasks() : strikes.get(i + 1).before();
            blows.add(new Blow(
                    strike.kind(),
                    strike.target(),
                    strike.atMillis(),
                    strike.hit().all().size(),
                    after.restartedSince(strike.before()),
                    arrivals.gapMillis(strike.atMillis(), untilMillis),
                    arrivals.worstGapMillis(
                            strike.atMillis(), untilMillis, strike.hit().lanes()),
                    watch.millisNotRunning(strike.atMillis(), untilMillis)));
        }
        List<Lane> silent = ending.tasks().lanes().stream()
                .filter(lane -> arrivals.worstGapMillis(
                                ending.atMillis() - LAST_SIGN.toMillis(), ending.atMillis(), List.of(lane))
                        >= LAST_SIGN.toMillis())
                .toList();
        return new RunResult(
                mode,
                rest.overview().path("flink-version").asText(),
                startMillis,
                arrivals.perSecond(startMillis, ending.atMillis(), RunResult.BUCKET_MILLIS),
                blows,
                ending.tasks().all().size(),
                arrivals.verdict(),
                watch.states(startMillis, ending.atMillis()),
                silent,
                moved,
                ending.incidents());
    }

    private void leave(FlinkProcesses cluster) throws IOException {
        directory.withdrawDrain();
        cluster.release();
        List<Long> pids = new ArrayList<>(List.of(cluster.jobManager().pid()));
        cluster.taskManagers().forEach(taskManager -> pids.add(taskManager.pid()));
        String list = String.join(" ", pids.stream().map(String::valueOf).toList());
        progress.say(mode, "left running at %s: JobManager and TaskManagers %s", cluster.restAddress(), list);
        progress.say(mode, "end it with: kill -9 %s", list);
    }

    private void await(String what, BooleanSupplier condition) {
        long deadlineNanos = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadlineNanos) {
                throw new IllegalStateException("Waited %d s for %s.".formatted(PATIENCE.toSeconds(), what));
            }
            sleep(Duration.ofMillis(POLL_MILLIS));
        }
    }

    private static void sleep(Duration duration) {
        try {
            TimeUnit.MILLISECONDS.sleep(duration.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted.", e);
        }
    }
}
