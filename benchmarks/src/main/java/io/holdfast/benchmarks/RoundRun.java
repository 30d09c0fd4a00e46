package io.holdfast.benchmarks;

import io.holdfast.benchmarks.job.ArrivalFiles;
import io.holdfast.benchmarks.job.NumbersJob;
import io.holdfast.benchmarks.job.RunDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/** Runs the job of one round on a cluster, does the faults to it, and tells what was seen. */
final class RoundRun {

    /** After the sources' own time, for what faults cost, catching up and the final checkpoint. */
    private static final Duration GRACE = Duration.ofSeconds(60);

    private final Round round;
    private final Cluster cluster;
    private final RunDirectory directory;
    private final Consumer<String> log;

    RoundRun(Round round, Cluster cluster, Path directory, Consumer<String> log) {
        this.round = round;
        this.cluster = cluster;
        this.directory = new RunDirectory(directory);
        this.log = log;
    }

    /** {@code patient} as for {@link FaultInjector#inject}. */
    Observation run(boolean patient) throws IOException {
        Directories.empty(directory.path());
        directory.create();
        cluster.refill();
        String jobId = cluster.submit(NumbersJob.class, round.job(directory.path()));
        try (JobWatch watch = new JobWatch(cluster.rest(), jobId)) {
            long deadlineNanos = System.nanoTime()
                    + Duration.ofSeconds(round.seconds()).plus(GRACE).toNanos();
            cluster.awaitRunning(jobId);
            log.accept("job " + jobId + " runs");
            FaultInjector injector = new FaultInjector(cluster, jobId, directory, log);
            injector.inject(round.faults(), patient);
            String state = awaitEnd(watch, deadlineNanos);
            if (!directory.failures().names().isEmpty()) {
                log.accept("never happened: " + directory.failures().names());
            }
            if (!state.equals("FINISHED")) {
                cluster.snapshot(jobId, directory.path().resolve("snapshot"));
            }
            Ledger ledger = cluster.ledger(jobId);
            Files.write(directory.path().resolve("ledger.trace"), watch.ledgerTrace());
            Files.write(
                    directory.path().resolve("ledger.edges"),
                    ledger.edges().stream().map(Ledger.Edge::toString).toList());
            return new Observation(
                    state,
                    watch.states(),
                    injector.strikes(),
                    injector.moves(),
                    injector.attempts(),
                    ArrivalFiles.read(directory),
                    directory.damages(),
                    ledger,
                    cluster.rest().checkpoints(jobId).completed());
        }
    }

    private static String awaitEnd(JobWatch watch, long deadlineNanos) {
        while (System.nanoTime() < deadlineNanos) {
            if (List.of("FINISHED", "FAILED", "CANCELED").contains(watch.state())) {
                return watch.state();
            }
            Cluster.sleep(50);
        }
        return watch.state();
    }
}
