package org.apache.flink.kubernetes.entrypoint;

import io.holdfast.flink.config.Pairing;
import io.holdfast.flink.entrypoint.Components;
import io.holdfast.flink.entrypoint.StartUp;
import org.apache.flink.client.deployment.application.ApplicationClusterEntryPoint;
import org.apache.flink.client.program.PackagedProgram;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.plugin.PluginUtils;
import org.apache.flink.runtime.entrypoint.ClusterEntrypoint;
import org.apache.flink.runtime.entrypoint.ClusterEntrypointUtils;
import org.apache.flink.runtime.entrypoint.DynamicParametersConfigurationParserFactory;
import org.apache.flink.runtime.entrypoint.component.DispatcherResourceManagerComponentFactory;
import org.apache.flink.runtime.util.EnvironmentInformation;
import org.apache.flink.runtime.util.JvmShutdownSafeguard;
import org.apache.flink.runtime.util.SignalHandler;

/**
 * JobManager of a native Kubernetes application cluster, with Holdfast. Takes the arguments of Flink's own.
 *
 * <p>Flink class: {@link KubernetesApplicationClusterEntrypoint}, read at 2.3.0 and compiled against 2.2.0. Here because
 * it is final and the method that finds the program is package-private.
 */
public final class HoldfastKubernetesApplicationEntrypoint extends ApplicationClusterEntryPoint {

    private final PackagedProgram program;

    private HoldfastKubernetesApplicationEntrypoint(Configuration configuration, PackagedProgram program) {
        super(configuration, program, KubernetesResourceManagerFactory.getInstance());
        this.program = program;
    }

    /** Start-up thread. */
    @Override
    protected DispatcherResourceManagerComponentFactory createDispatcherResourceManagerComponentFactory(
            Configuration configuration) {
        return Components.application(configuration, program, KubernetesResourceManagerFactory.getInstance());
    }

    public static void main(String[] args) {
        EnvironmentInformation.logEnvironmentInfo(
                LOG, HoldfastKubernetesApplicationEntrypoint.class.getSimpleName(), args);
        SignalHandler.register(LOG);
        JvmShutdownSafeguard.installAsShutdownHook(LOG);
        Configuration dynamicParameters = ClusterEntrypointUtils.parseParametersOrExit(
                args, new DynamicParametersConfigurationParserFactory(), HoldfastKubernetesApplicationEntrypoint.class);
        Configuration configuration = StartUp.orExit(() -> Pairing.entering(
                KubernetesEntrypointUtils.loadConfiguration(dynamicParameters),
                HoldfastKubernetesApplicationEntrypoint.class));
        ClusterEntrypoint.runClusterEntrypoint(StartUp.application(() -> {
            FileSystem.initialize(configuration, PluginUtils.createPluginManagerFromRootFolder(configuration));
            PackagedProgram program = installSecurityContext(configuration)
                    .runSecured(() -> KubernetesApplicationClusterEntrypoint.getPackagedProgram(configuration));
            configureExecution(configuration, program);
            return new HoldfastKubernetesApplicationEntrypoint(configuration, program);
        }));
    }
}
