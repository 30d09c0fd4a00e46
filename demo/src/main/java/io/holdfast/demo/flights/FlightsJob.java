package io.holdfast.demo.flights;

import java.nio.file.Path;
import java.time.Duration;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;

/**
 * An ordinary streaming job: flights by airport of origin, a running mean and a windowed one, both enriched and written.
 * Nothing in it knows of Holdfast.
 *
 * <pre>
 * flights ──keyBy(origin)──▶ airport-stats ───┐
 *        └──keyBy(origin)──▶ airport-windows ─┴─rebalance──▶ enrich ─ sink
 * </pre>
 *
 * <p>Arguments: host and port of the JobManager's REST endpoint, the run directory, the parallelism, flights per second.
 * Prints {@code JobID <id>} once the job is submitted.
 */
public final class FlightsJob {

    /** Operators that can be made to fail, as {@link RunDirectory#failures} names them. */
    public static final String KEYED = "keyed";

    public static final String ENRICH = "enrich";

    /** What the job's id follows on standard output. */
    public static final String JOB_ID = "JobID ";

    private static final Duration WINDOW = Duration.ofHours(3);
    private static final Duration DISORDER = Duration.ofMinutes(1);

    private FlightsJob() {}

    public static void main(String[] args) throws Exception {
        String host = args[0];
        int port = Integer.parseInt(args[1]);
        RunDirectory run = new RunDirectory(Path.of(args[2]));
        int parallelism = Integer.parseInt(args[3]);
        int flightsPerSecond = Integer.parseInt(args[4]);

        StreamExecutionEnvironment environment =
                StreamExecutionEnvironment.createRemoteEnvironment(host, port, configuration(run));
        environment.setParallelism(parallelism);
        build(environment, run, flightsPerSecond);
        JobClient job = environment.executeAsync("flights");
        System.out.println(JOB_ID + job.getJobID().toHexString());
    }

    private static Configuration configuration(RunDirectory run) {
        Configuration configuration = new Configuration();
        configuration.setString("execution.checkpointing.interval", "1 s");
        configuration.setString(
                "execution.checkpointing.dir", run.checkpoints().toUri().toString());
        configuration.setString("execution.buffer-timeout.interval", "20 ms");
        configuration.setString("state.backend.type", "hashmap");
        configuration.setString("pipeline.generic-types", "false");
        // The best case for a restart of the whole job: at once, and without limit.
        configuration.setString("restart-strategy.type", "fixed-delay");
        configuration.setString("restart-strategy.fixed-delay.attempts", "1000");
        configuration.setString("restart-strategy.fixed-delay.delay", "0 s");
        return configuration;
    }

    static void build(StreamExecutionEnvironment environment, RunDirectory run, int flightsPerSecond) {
        WatermarkStrategy<Flight> watermarks = WatermarkStrategy.<Flight>forBoundedOutOfOrderness(DISORDER)
                .withTimestampAssigner((flight, seen) -> flight.departureMillis());
        KeyedStream<Flight, String> byOrigin = environment
                .fromSource(
                        new FlightsSource(run, environment.getParallelism(), flightsPerSecond), watermarks, "flights")
                .uid("flights")
                .keyBy(Flight::origin);
        SingleOutputStreamOperator<AirportLine> running =
                byOrigin.process(new AirportStats(run)).uid("airport-stats").name("airport-stats");
        DataStream<AirportLine> windowed = byOrigin.window(TumblingEventTimeWindows.of(WINDOW))
                .aggregate(new AirportWindow.Sum(), new AirportWindow())
                .uid("airport-windows")
                .name("airport-windows");
        running.union(windowed)
                .rebalance()
                .map(new Enrich(run))
                .uid("enrich")
                .name("enrich")
                .sinkTo(new ArrivalSink(run))
                .uid("arrivals")
                .name("arrivals");
    }
}
