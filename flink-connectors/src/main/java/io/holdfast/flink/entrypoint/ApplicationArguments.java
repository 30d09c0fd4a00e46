package io.holdfast.flink.entrypoint;

import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.apache.flink.api.common.JobID;
import org.apache.flink.client.cli.CliFrontendParser;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptionsInternal;
import org.apache.flink.runtime.entrypoint.EntrypointClusterConfiguration;
import org.apache.flink.runtime.entrypoint.FlinkParseException;
import org.apache.flink.runtime.entrypoint.parser.CommandLineOptions;
import org.apache.flink.runtime.entrypoint.parser.ParserResultFactory;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;

/**
 * The command line of a standalone application cluster, with the names of Flink's own ({@code
 * StandaloneApplicationClusterConfigurationParserFactory}, read at 2.3.0).
 */
final class ApplicationArguments extends EntrypointClusterConfiguration {

    private static final Option JOB_CLASS = Option.builder("j")
            .longOpt("job-classname")
            .hasArg()
            .desc("Class of the job to run.")
            .build();
    private static final Option JOB_ID = Option.builder("jid")
            .longOpt("job-id")
            .hasArg()
            .desc("Id of the job to run.")
            .build();
    private static final Option JARS = Option.builder("jars")
            .longOpt("jars")
            .hasArgs()
            .valueSeparator(',')
            .desc("Jar files of the job to run.")
            .build();

    private final String jobClass;
    private final JobID jobId;
    private final List<String> jars;
    private final SavepointRestoreSettings savepoint;

    private ApplicationArguments(
            String configDir,
            Properties dynamicProperties,
            String[] arguments,
            String jobClass,
            JobID jobId,
            List<String> jars,
            SavepointRestoreSettings savepoint) {
        super(configDir, dynamicProperties, arguments);
        this.jobClass = jobClass;
        this.jobId = jobId;
        this.jars = jars;
        this.savepoint = savepoint;
    }

    Optional<String> jobClass() {
        return Optional.ofNullable(jobClass);
    }

    /** Locations of the job's jars; empty if it lies in {@code usrlib} or on the class path. */
    List<String> jars() {
        return jars;
    }

    /** Puts the job's id and the savepoint to start from into {@code configuration}. */
    void applyTo(Configuration configuration) {
        if (jobId != null) {
            configuration.set(PipelineOptionsInternal.PIPELINE_FIXED_JOB_ID, jobId.toHexString());
        }
        SavepointRestoreSettings.toConfiguration(savepoint, configuration);
    }

    /** Reads a command line. */
    static final class Parser implements ParserResultFactory<ApplicationArguments> {

        @Override
        public Options getOptions() {
            Options options = new Options();
            options.addOption(CommandLineOptions.CONFIG_DIR_OPTION);
            options.addOption(CommandLineOptions.DYNAMIC_PROPERTY_OPTION);
            options.addOption(JOB_CLASS);
            options.addOption(JOB_ID);
            options.addOption(JARS);
            options.addOption(CliFrontendParser.SAVEPOINT_PATH_OPTION);
            options.addOption(CliFrontendParser.SAVEPOINT_ALLOW_NON_RESTORED_OPTION);
            return options;
        }

        @Override
        public ApplicationArguments createResult(CommandLine line) throws FlinkParseException {
            String[] jars = line.getOptionValues(JARS.getOpt());
            return new ApplicationArguments(
                    line.getOptionValue(CommandLineOptions.CONFIG_DIR_OPTION.getOpt()),
                    line.getOptionProperties(CommandLineOptions.DYNAMIC_PROPERTY_OPTION.getOpt()),
                    line.getArgs(),
                    line.getOptionValue(JOB_CLASS.getOpt()),
                    jobId(line.getOptionValue(JOB_ID.getOpt())),
                    jars == null ? List.of() : List.of(jars),
                    CliFrontendParser.createSavepointRestoreSettings(line));
        }

        private static JobID jobId(String text) throws FlinkParseException {
            try {
                return text == null ? null : JobID.fromHexString(text);
            } catch (IllegalArgumentException e) {
                throw new FlinkParseException("Failed to parse '--job-id': it must be 32 hexadecimal digits", e);
            }
        }
    }
}
