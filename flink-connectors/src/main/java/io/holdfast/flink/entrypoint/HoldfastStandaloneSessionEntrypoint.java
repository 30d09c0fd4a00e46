package io.holdfast.flink.entrypoint;

import io.holdfast.flink.config.Pairing;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.entrypoint.ClusterEntrypoint;
import org.apache.flink.runtime.entrypoint.ClusterEntrypointUtils;
import org.apache.flink.runtime.entrypoint.EntrypointClusterConfiguration;
import org.apache.flink.runtime.entrypoint.EntrypointClusterConfigurationParserFactory;
import org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint;
import org.apache.flink.runtime.entrypoint.component.DefaultDispatcherResourceManagerComponentFactory;
import org.apache.flink.runtime.resourcemanager.StandaloneResourceManagerFactory;
import org.apache.flink.runtime.util.EnvironmentInformation;
import org.apache.flink.runtime.util.JvmShutdownSafeguard;
import org.apache.flink.runtime.util.SignalHandler;

/** JobManager of a standalone session cluster, with Holdfast. Takes the arguments of Flink's own. */
public final class HoldfastStandaloneSessionEntrypoint extends StandaloneSessionClusterEntrypoint {

    /** Start-up thread. */
    public HoldfastStandaloneSessionEntrypoint(Configuration configuration) {
        super(Pairing.entering(configuration, HoldfastStandaloneSessionEntrypoint.class));
    }

    /** Start-up thread. */
    @Override
    protected DefaultDispatcherResourceManagerComponentFactory createDispatcherResourceManagerComponentFactory(
            Configuration configuration) {
        return Components.session(configuration, StandaloneResourceManagerFactory.getInstance());
    }

    public static void main(String[] args) {
        EnvironmentInformation.logEnvironmentInfo(LOG, HoldfastStandaloneSessionEntrypoint.class.getSimpleName(), args);
        SignalHandler.register(LOG);
        JvmShutdownSafeguard.installAsShutdownHook(LOG);
        EntrypointClusterConfiguration arguments = ClusterEntrypointUtils.parseParametersOrExit(
                args, new EntrypointClusterConfigurationParserFactory(), HoldfastStandaloneSessionEntrypoint.class);
        ClusterEntrypoint.runClusterEntrypoint(
                StartUp.orExit(() -> new HoldfastStandaloneSessionEntrypoint(loadConfiguration(arguments))));
    }
}
