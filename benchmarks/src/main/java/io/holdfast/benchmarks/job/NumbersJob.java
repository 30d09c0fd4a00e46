package io.holdfast.benchmarks.job;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * A streaming job of which every record is accounted for: a task that makes one record of one record, at every place.
 *
 * <pre>
 * numbers ──keyBy(key)──▶ map ──rebalance──▶ sink
 * numbers ──keyBy(key)──▶ map ──rebalance──▶ middle ──keyBy(key)──▶ sink
 * </pre>
 *
 * <p>Arguments: host and port of the JobManager's REST endpoint, then {@link JobSettings#toArguments()}, then perhaps
 * {@link #from} and what the job begins with. Prints {@code JobID <id>} once the job is submitted.
 */
public final class NumbersJob {

    /** Operators that can be made to fail, as {@link RunDirectory#failures} names them. */
    public static final String SOURCE = "source";

    public static final String MAP = "map";
    public static final String MIDDLE = "middle";
    public static final String SINK = "sink";

    /** What the job's id follows on standard output. */
    public static final String JOB_ID = "JobID ";

    private static final String FROM = "from=";

    private NumbersJob() {}

    /** The argument that lets a job begin with a checkpoint or savepoint. */
    public static String from(URI checkpoint) {
        return FROM + checkpoint;
    }

    public static void main(String[] args) throws Exception {
        JobSettings settings = JobSettings.parse(List.of(args).subList(2, args.length));
        Configuration configuration = configuration(settings);
        restore(configuration, args);
        StreamExecutionEnvironment environment =
                StreamExecutionEnvironment.createRemoteEnvironment(args[0], Integer.parseInt(args[1]), configuration);
        environment.setParallelism(settings.splits());
        build(environment, settings);
        JobClient job = environment.executeAsync("numbers");
        System.out.println(JOB_ID + job.getJobID().toHexString());
    }

    /** As the last of {@code args} says. */
    static void restore(Configuration configuration, String[] args) {
        String last = args[args.length - 1];
        if (last.startsWith(FROM)) {
            configuration.setString("execution.state-recovery.path", last.substring(FROM.length()));
        }
    }

    static Configuration configuration(JobSettings settings) {
        RunDirectory run = new RunDirectory(settings.directory());
        Configuration configuration = new Configuration();
        configuration.setString("execution.checkpointing.interval", settings.checkpointMillis() + " ms");
        configuration.setString(
                "execution.checkpointing.dir", run.checkpoints().toUri().toString());
        configuration.setString("execution.checkpointing.tolerable-failed-checkpoints", "1000");
        configuration.setString("execution.buffer-timeout.interval", "20 ms");
        configuration.setString("state.backend.type", "hashmap");
        configuration.setString("pipeline.generic-types", "false");
        configuration.setString("restart-strategy.type", "fixed-delay");
        configuration.setString("restart-strategy.fixed-delay.attempts", "1000");
        configuration.setString("restart-strategy.fixed-delay.delay", "0 s");
        if (settings.autoPartition()) {
            configuration.setString("holdfast.auto-partition.enabled", "true");
        }
        return configuration;
    }

    static void build(StreamExecutionEnvironment environment, JobSettings settings) {
        DataStream<Counted> out = counted(environment, settings).rebalance();
        if (settings.middle()) {
            out = out.map(new MiddleMap(settings.directory().toString()))
                    .uid(MIDDLE)
                    .name(MIDDLE)
                    .keyBy(Counted::key);
        }
        out.sinkTo(sink(settings)).uid(SINK).name(SINK);
    }

    /** The first two of the operators. */
    static SingleOutputStreamOperator<Counted> counted(StreamExecutionEnvironment environment, JobSettings settings) {
        return environment
                .fromSource(new NumbersSource(settings), WatermarkStrategy.noWatermarks(), "numbers")
                .uid(SOURCE)
                .keyBy(Numbered::key)
                .process(new CountingMap(settings.directory().toString()))
                .uid(MAP)
                .name(MAP);
    }

    static Sink<Counted> sink(JobSettings settings) {
        Path directory = settings.directory();
        return switch (settings.sink()) {
            case FILE -> new ArrivalSink(directory);
            case COMMITTING -> new CommittingSink(directory);
        };
    }
}
