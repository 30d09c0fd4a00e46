package io.holdfast.benchmarks.jobmanager;

import io.holdfast.base.ExitCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * What restarts cost the main thread of one large job's JobMaster: a program of its own, which prints one figure a line.
 *
 * <p>Arguments: {@code holdfast} or {@code stock}, vertices, parallelism, whether there are union lists, restarts to
 * warm up, restarts to measure.
 */
public final class RestartCost {

    /** Begins a line with a figure; the key and the value follow, a blank between. */
    public static final String FIGURE = "FIGURE ";

    private static final int ARGUMENTS = 6;

    private RestartCost() {}

    public static void main(String[] args) throws Exception {
        if (args.length != ARGUMENTS) {
            throw new IllegalArgumentException("needs %d arguments: %s".formatted(ARGUMENTS, List.of(args)));
        }
        Side side = args[0].equals("holdfast") ? new HoldfastSide() : new Side.Stock();
        LargeJob job =
                new LargeJob(Integer.parseInt(args[1]), Integer.parseInt(args[2]), Boolean.parseBoolean(args[3]));
        int warmUps = Integer.parseInt(args[4]);
        int restarts = Integer.parseInt(args[5]);
        int exitCode = ExitCode.DONE;
        try (SimulatedCluster cluster = new SimulatedCluster(side, job)) {
            cluster.checkpoint();
            print("task", costs(cluster::failTask, warmUps, restarts));
            print("tm", costs(cluster::loseTaskManager, warmUps / 2, restarts));
        } catch (Exception e) {
            e.printStackTrace();
            exitCode = ExitCode.INTERNAL;
        }
        System.exit(exitCode); // there are threads of Flink's left
    }

    private interface Loss {
        SimulatedCluster.Cost happen(int number) throws Exception;
    }

    private static List<SimulatedCluster.Cost> costs(Loss loss, int warmUps, int restarts) throws Exception {
        List<SimulatedCluster.Cost> costs = new ArrayList<>();
        for (int i = 0; i < warmUps + restarts; i++) {
            SimulatedCluster.Cost cost = loss.happen(7 * i);
            if (i >= warmUps) {
                costs.add(cost);
            }
        }
        return costs;
    }

    private static void print(String loss, List<SimulatedCluster.Cost> costs) {
        print(loss + "_restore_ms", costs, cost -> cost.restored().busyNanos() / 1e6);
        print(loss + "_restore_cpu_ms", costs, cost -> cost.restored().cpuNanos() / 1e6);
        print(loss + "_settle_ms", costs, cost -> cost.settled().busyNanos() / 1e6);
        print(loss + "_lost", costs, SimulatedCluster.Cost::lost);
        print(loss + "_submitted", costs, SimulatedCluster.Cost::submitted);
    }

    private static void print(
            String key, List<SimulatedCluster.Cost> costs, ToDoubleFunction<SimulatedCluster.Cost> figure) {
        double[] sorted = costs.stream().mapToDouble(figure).sorted().toArray();
        System.out.printf(Locale.ROOT, "%s%s %.4f%n", FIGURE, key, sorted[sorted.length / 2]);
    }
}
