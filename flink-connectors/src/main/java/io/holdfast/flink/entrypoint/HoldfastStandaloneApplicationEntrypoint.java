package io.holdfast.flink.entrypoint;

import io.holdfast.flink.config.Pairing;
import java.io.File;
import java.util.Collection;
import org.apache.flink.client.deployment.application.ApplicationClusterEntryPoint;
import org.apache.flink.client.program.DefaultPackagedProgramRetriever;
import org.apache.flink.client.program.PackagedProgram;
import org.apache.flink.client.program.artifact.ArtifactFetchManager;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.plugin.PluginUtils;
import org.apache.flink.runtime.entrypoint.ClusterEntrypoint;
import org.apache.flink.runtime.entrypoint.ClusterEntrypointUtils;
import org.apache.flink.runtime.entrypoint.component.DispatcherResourceManagerComponentFactory;
import org.apache.flink.runtime.resourcemanager.StandaloneResourceManagerFactory;
import org.apache.flink.runtime.security.contexts.SecurityContext;
import org.apache.flink.runtime.util.EnvironmentInformation;
import org.apache.flink.runtime.util.JvmShutdownSafeguard;
import org.apache.flink.runtime.util.SignalHandler;

/** JobManager of a standalone application cluster, with Holdfast. Takes the arguments of Flink's own. */
public final class HoldfastStandaloneApplicationEntrypoint extends ApplicationClusterEntryPoint {

    private final PackagedProgram program;

    private HoldfastStandaloneApplicationEntrypoint(Configuration configuration, PackagedProgram program) {
        super(configuration, program, StandaloneResourceManagerFactory.getInstance());
        this.program = program;
    }

    /** Start-up thread. */
    @Override
    protected DispatcherResourceManagerComponentFactory createDispatcherResourceManagerComponentFactory(
            Configuration configuration) {
        return Components.application(configuration, program, StandaloneResourceManagerFactory.getInstance());
    }

    /** Start-up thread. As Flink's; a job under the adaptive scheduler keeps stock restart. */
    @Override
    protected boolean supportsReactiveMode() {
        return true;
    }

    public static void main(String[] args) {
        EnvironmentInformation.logEnvironmentInfo(
                LOG, HoldfastStandaloneApplicationEntrypoint.class.getSimpleName(), args);
        SignalHandler.register(LOG);
        JvmShutdownSafeguard.installAsShutdownHook(LOG);
        ApplicationArguments arguments = ClusterEntrypointUtils.parseParametersOrExit(
                args, new ApplicationArguments.Parser(), HoldfastStandaloneApplicationEntrypoint.class);
        Configuration configuration = StartUp.orExit(() -> {
            Configuration loaded = loadConfiguration(arguments);
            arguments.applyTo(loaded);
            return Pairing.entering(loaded, HoldfastStandaloneApplicationEntrypoint.class);
        });
        ClusterEntrypoint.runClusterEntrypoint(StartUp.application(() -> {
            PackagedProgram program = program(arguments, configuration);
            configureExecution(configuration, program);
            return new HoldfastStandaloneApplicationEntrypoint(configuration, program);
        }));
    }

    private static PackagedProgram program(ApplicationArguments arguments, Configuration configuration)
            throws Exception {
        FileSystem.initialize(configuration, PluginUtils.createPluginManagerFromRootFolder(configuration));
        SecurityContext security = installSecurityContext(configuration);
        return security.runSecured(() -> {
            File jobJar = null;
            Collection<File> artifacts = null;
            if (!arguments.jars().isEmpty()) {
                ArtifactFetchManager.Result fetched = new ArtifactFetchManager(configuration)
                        .fetchArtifacts(arguments.jars().toArray(String[]::new));
                jobJar = fetched.getJobJar();
                artifacts = fetched.getArtifacts();
            }
            return DefaultPackagedProgramRetriever.create(
                            ClusterEntrypointUtils.tryFindUserLibDirectory().orElse(null),
                            jobJar,
                            artifacts,
                            arguments.jobClass().orElse(null),
                            arguments.getArgs(),
                            configuration)
                    .getPackagedProgram();
        });
    }
}
