package io.holdfast.benchmarks.job;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * {@link NumbersJob} with as much state in RocksDB as is wanted: see {@link StatefulMap}. Its arguments and output are those
 * of {@link NumbersJob}, and what {@link #arguments} adds.
 */
public final class StatefulJob {

    private static final String CHUNK_KIB = "chunk-kib=";
    private static final String CHUNKS = "chunks=";
    private static final String CHECKPOINTS = "checkpoints=";

    private StatefulJob() {}

    /** What {@link #main} takes after the JobManager's address: so many chunks of so many bytes per key. */
    public static List<String> arguments(JobSettings settings, int chunkKibibytes, int chunksPerKey) {
        List<String> arguments = new ArrayList<>(settings.toArguments());
        arguments.add(CHUNK_KIB + chunkKibibytes);
        arguments.add(CHUNKS + chunksPerKey);
        return arguments;
    }

    /** The argument that has checkpoints written elsewhere than to the directory of the run. */
    public static String checkpoints(URI directory) {
        return CHECKPOINTS + directory;
    }

    public static void main(String[] args) throws Exception {
        List<String> arguments = List.of(args).subList(2, args.length);
        JobSettings settings = JobSettings.parse(arguments);
        Configuration configuration = NumbersJob.configuration(settings);
        configuration.setString("state.backend.type", "rocksdb");
        configuration.setString("execution.checkpointing.incremental", "true");
        arguments.stream()
                .filter(argument -> argument.startsWith(CHECKPOINTS))
                .forEach(argument -> configuration.setString(
                        "execution.checkpointing.dir", argument.substring(CHECKPOINTS.length())));
        NumbersJob.restore(configuration, args);
        StreamExecutionEnvironment environment =
                StreamExecutionEnvironment.createRemoteEnvironment(args[0], Integer.parseInt(args[1]), configuration);
        environment.setParallelism(settings.splits());
        environment
                .fromSource(new NumbersSource(settings), WatermarkStrategy.noWatermarks(), "numbers")
                .uid(NumbersJob.SOURCE)
                .keyBy(Numbered::key)
                .process(new StatefulMap(1_024 * number(arguments, CHUNK_KIB), number(arguments, CHUNKS)))
                .uid(NumbersJob.MAP)
                .name(NumbersJob.MAP)
                .rebalance()
                .sinkTo(NumbersJob.sink(settings))
                .uid(NumbersJob.SINK)
                .name(NumbersJob.SINK);
        JobClient job = environment.executeAsync("stateful");
        System.out.println(NumbersJob.JOB_ID + job.getJobID().toHexString());
    }

    private static int number(List<String> arguments, String key) {
        return arguments.stream()
                .filter(argument -> argument.startsWith(key))
                .mapToInt(argument -> Integer.parseInt(argument.substring(key.length())))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(key + "NUMBER is missing"));
    }
}
