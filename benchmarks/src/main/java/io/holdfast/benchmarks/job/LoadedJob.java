package io.holdfast.benchmarks.job;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * {@link NumbersJob} with a map that needs memory: see {@link MemoryLoad}, and {@link #FLAG} for whose. Its arguments and
 * output are those of {@link NumbersJob}, and what {@link #arguments} adds.
 */
public final class LoadedJob {

    /** Makes the subtasks in a TaskManager's JVM need memory. */
    public static final String FLAG = "-D" + MemoryLoad.PROPERTY + "=true";

    private LoadedJob() {}

    /**
     * What {@link #main} takes after the JobManager's address.
     *
     * @param garbageKibibytes that are allocated and dropped with each record
     * @param directMebibytes of direct buffers that each subtask holds
     * @param count whether records are counted alone, which {@link ArrivalFiles#counted} reads
     */
    public static List<String> arguments(
            JobSettings settings, int garbageKibibytes, int directMebibytes, boolean count) {
        List<String> arguments = new ArrayList<>(settings.toArguments());
        arguments.add("garbage=" + garbageKibibytes);
        arguments.add("direct=" + directMebibytes);
        arguments.add("count=" + count);
        return arguments;
    }

    public static void main(String[] args) throws Exception {
        List<String> arguments = List.of(args).subList(2, args.length);
        JobSettings settings = JobSettings.parse(arguments);
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.createRemoteEnvironment(
                args[0], Integer.parseInt(args[1]), NumbersJob.configuration(settings));
        environment.setParallelism(settings.splits());
        MemoryLoad load = new MemoryLoad(
                settings.directory().toString(), number(arguments, "garbage"), number(arguments, "direct"));
        Sink<Counted> sink =
                arguments.contains("count=true") ? new CountingSink<>(settings.directory()) : NumbersJob.sink(settings);
        NumbersJob.counted(environment, settings)
                .map(load)
                .uid("load")
                .rebalance()
                .sinkTo(sink)
                .uid(NumbersJob.SINK)
                .name(NumbersJob.SINK);
        JobClient job = environment.executeAsync("loaded");
        System.out.println(NumbersJob.JOB_ID + job.getJobID().toHexString());
    }

    private static int number(List<String> arguments, String key) {
        return arguments.stream()
                .filter(argument -> argument.startsWith(key + "="))
                .mapToInt(argument -> Integer.parseInt(argument.substring(key.length() + 1)))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(key + "=NUMBER is missing"));
    }
}
