package org.apache.flink.kubernetes.entrypoint;

import io.holdfast.flink.config.Pairing;
import io.holdfast.flink.entrypoint.Components;
import io.holdfast.flink.entrypoint.StartUp;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.entrypoint.ClusterEntrypoint;
import org.apache.flink.runtime.entrypoint.ClusterEntrypointUtils;
import org.apache.flink.runtime.entrypoint.DynamicParametersConfigurationParserFactory;
import org.apache.flink.runtime.entrypoint.component.DispatcherResourceManagerComponentFactory;
import org.apache.flink.runtime.util.EnvironmentInformation;
import org.apache.flink.runtime.util.JvmShutdownSafeguard;
import org.apache.flink.runtime.util.SignalHandler;

/**
 * JobManager of a native Kubernetes session cluster, with Holdfast. Takes the arguments of Flink's own.
 *
 * <p>Flink class: {@link KubernetesSessionClusterEntrypoint}, read at 2.3.0 and compiled against 2.2.0. Here because
 * {@link KubernetesEntrypointUtils} is package-private.
 */
public final class HoldfastKubernetesSessionEntrypoint extends KubernetesSessionClusterEntrypoint {

    /** Start-up thread. */
    public HoldfastKubernetesSessionEntrypoint(Configuration configuration) {
        super(Pairing.entering(configuration, HoldfastKubernetesSessionEntrypoint.class));
    }

    /** Start-up thread. */
    @Override
    protected DispatcherResourceManagerComponentFactory createDispatcherResourceManagerComponentFactory(
            Configuration configuration) {
        return Components.session(configuration, KubernetesResourceManagerFactory.getInstance());
    }

    public static void main(String[] args) {
        EnvironmentInformation.logEnvironmentInfo(LOG, HoldfastKubernetesSessionEntrypoint.class.getSimpleName(), args);
        SignalHandler.register(LOG);
        JvmShutdownSafeguard.installAsShutdownHook(LOG);
        Configuration dynamicParameters = ClusterEntrypointUtils.parseParametersOrExit(
                args, new DynamicParametersConfigurationParserFactory(), HoldfastKubernetesSessionEntrypoint.class);
        ClusterEntrypoint.runClusterEntrypoint(StartUp.orExit(() -> new HoldfastKubernetesSessionEntrypoint(
                KubernetesEntrypointUtils.loadConfiguration(dynamicParameters))));
    }
}
