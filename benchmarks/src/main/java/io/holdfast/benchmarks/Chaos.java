package io.holdfast.benchmarks;

import io.holdfast.base.ExitCode;
import io.holdfast.base.HoldfastException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** {@code ./holdfast chaos}: the main class. Exit codes: 0 all good, 1 a round went wrong, 2 wrong usage. */
public final class Chaos {

    private static final int WENT_WRONG = 1;
    private static final int WRONG_USAGE = 2;
    private static final int TAIL_LINES = 60;
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS");

    private final ChaosArguments arguments;
    private final Installation installation;
    private final PrintStream out;
    private Cluster cluster;
    private final Path directory;
    private int clusters;

    private Chaos(ChaosArguments arguments, Installation installation, PrintStream out) {
        this.arguments = arguments;
        this.installation = installation;
        this.out = out;
        // A directory of its own: another run may be under way, and what an earlier one left may still be needed.
        this.directory = installation
                .target("chaos")
                .resolve("seed-%d-%s"
                        .formatted(
                                arguments.seed(),
                                LocalDateTime.now().format(DateTimeFormatter.ofPattern("MMdd-HHmmss"))));
    }

    public static void main(String[] args) {
        System.exit(run(List.of(args), System.out, System.err));
    }

    static int run(List<String> args, PrintStream out, PrintStream err) {
        try {
            ChaosArguments arguments = ChaosArguments.parse(args, System.nanoTime() % 1_000_000);
            if (arguments.help()) {
                out.print(ChaosArguments.USAGE);
                return ExitCode.DONE;
            }
            return new Chaos(arguments, Installation.find(arguments.flinkMinor()), out).run();
        } catch (UsageException e) {
            err.println(e.getMessage());
            err.println();
            err.print(ChaosArguments.USAGE);
            return WRONG_USAGE;
        } catch (HoldfastException e) {
            err.println(e.getMessage());
            return ExitCode.BAD_CONFIGURATION;
        } catch (IOException | RuntimeException e) {
            e.printStackTrace(err);
            return ExitCode.INTERNAL;
        }
    }

    private int run() throws IOException {
        out.printf("chaos: seed %d, Flink %s, %s%n", arguments.seed(), arguments.flinkMinor(), arguments.engine());
        ChaosSchedule schedule = new ChaosSchedule(arguments.seed(), arguments.wishes());
        long endNanos = System.nanoTime() + TimeUnit.MINUTES.toNanos(arguments.minutes());
        List<String> lines = new ArrayList<>();
        int bad = 0;
        try {
            for (int number = arguments.firstRound(); goesOn(number, endNanos); number++) {
                Round round = schedule.round(number);
                out.println();
                out.println(round);
                round.faults().forEach(fault -> out.println("  " + fault));
                String line;
                if (cluster == null) {
                    cluster = start();
                }
                Path runDirectory = directory.resolve("round-" + number);
                try {
                    Observation seen = new RoundRun(round, cluster, runDirectory, this::log).run(false);
                    RoundResult result = RoundResult.of(round, arguments.engine(), seen);
                    line = result.line();
                    out.println(line);
                    if (!result.good()) {
                        bad++;
                        failed(round, result.problems(), runDirectory);
                    }
                } catch (RuntimeException e) {
                    bad++;
                    line = "round %2d BAD : %s".formatted(number, e);
                    out.println(line);
                    failed(round, List.of(e.toString()), runDirectory);
                }
                lines.add(line);
            }
        } finally {
            if (cluster != null) {
                cluster.close();
            }
        }
        out.println();
        out.printf("chaos: seed %d, Flink %s%n", arguments.seed(), arguments.flinkMinor());
        lines.forEach(out::println);
        out.printf("%d rounds, %d bad%n", lines.size(), bad);
        if (bad == 0) {
            Directories.delete(directory);
        }
        return bad == 0 ? ExitCode.DONE : WENT_WRONG;
    }

    private boolean goesOn(int number, long endNanos) {
        int done = number - arguments.firstRound();
        return done == 0 || (arguments.rounds() == 0 || done < arguments.rounds()) && System.nanoTime() < endNanos;
    }

    private Cluster start() {
        clusters++;
        log("starting a cluster");
        return Cluster.start(
                arguments
                        .engine()
                        .cluster(directory.resolve("cluster-" + clusters), installation)
                        .jvmFlag("-XX:TieredStopAtLevel=1"), // soon ready, and fast enough
                arguments.wishes().parallelism(),
                1);
    }

    /** Says all there is to say, and ends the cluster: the next round gets a new one. */
    private void failed(Round round, List<String> problems, Path runDirectory) {
        out.println("BAD, seed %d:".formatted(arguments.seed()));
        out.println("  " + round);
        round.faults().forEach(fault -> out.println("    " + fault));
        out.println(cluster.processes().tail(TAIL_LINES));
        problems.forEach(problem -> out.println("  PROBLEM: " + problem));
        out.println("  logs: " + directory.resolve("cluster-" + clusters) + ", output: " + runDirectory);
        out.println("  again: ./holdfast chaos " + arguments.again(round.number()));
        cluster.close();
        cluster = null;
    }

    private void log(String line) {
        out.println(LocalTime.now().format(TIME) + " " + line);
    }
}
