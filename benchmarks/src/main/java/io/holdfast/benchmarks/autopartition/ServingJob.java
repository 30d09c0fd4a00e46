package io.holdfast.benchmarks.autopartition;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Producers and receivers, with an edge between on which any receiver will do.
 *
 * <p>Arguments: host and port of the JobManager's REST endpoint, then directories of {@linkplain ServingRun runs}, of
 * which each is a job. Prints {@code JobID <id>} for each once it is submitted.
 */
public final class ServingJob {

    /** What a job's id follows on standard output. */
    private static final String JOB_ID = "JobID ";

    /** What the name of the receivers' vertex begins with. */
    public static final String RECEIVERS = "serve";

    private ServingJob() {}

    public static void main(String[] args) throws Exception {
        for (String directory : Arrays.asList(args).subList(2, args.length)) {
            ServingRun run = new ServingRun(Path.of(directory));
            JobClient job = submit(args[0], Integer.parseInt(args[1]), run);
            System.out.println(JOB_ID + job.getJobID().toHexString());
        }
    }

    private static JobClient submit(String host, int port, ServingRun run) throws Exception {
        ServingRun.Settings settings = run.settings();
        StreamExecutionEnvironment environment =
                StreamExecutionEnvironment.createRemoteEnvironment(host, port, configuration(settings));
        environment
                .fromSource(
                        new LoadSource(run, settings),
                        WatermarkStrategy.noWatermarks(),
                        "load",
                        Types.TUPLE(Types.LONG, Types.LONG, Types.PRIMITIVE_ARRAY(Types.BYTE)))
                .uid("load")
                .setParallelism(settings.producers())
                .rebalance()
                .sinkTo(new ServingSink(run))
                .uid(RECEIVERS)
                .name(RECEIVERS)
                .setParallelism(settings.scenario().receivers());
        return environment.executeAsync("serving");
    }

    private static Configuration configuration(ServingRun.Settings settings) throws IOException {
        Configuration configuration = new Configuration();
        configuration.setString("pipeline.generic-types", "false");
        configuration.setString("pipeline.object-reuse", "true");
        configuration.setString("restart-strategy.type", "disable"); // a failure must show
        settings.options().forEach(configuration::setString);
        return configuration;
    }
}
