package io.holdfast.flink.entrypoint;

import io.holdfast.flink.config.HoldfastOptions;
import io.holdfast.flink.rest.HoldfastRestEndpointFactory;
import org.apache.flink.client.deployment.application.ApplicationDispatcherLeaderProcessFactoryFactory;
import org.apache.flink.client.program.PackagedProgram;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.dispatcher.DispatcherFactory;
import org.apache.flink.runtime.dispatcher.HoldfastDispatcherFactory;
import org.apache.flink.runtime.dispatcher.SessionDispatcherFactory;
import org.apache.flink.runtime.dispatcher.runner.DefaultDispatcherRunnerFactory;
import org.apache.flink.runtime.entrypoint.component.DefaultDispatcherResourceManagerComponentFactory;
import org.apache.flink.runtime.resourcemanager.ResourceManagerFactory;
import org.apache.flink.runtime.rest.ApplicationRestEndpointFactory;
import org.apache.flink.runtime.rest.SessionRestEndpointFactory;

/**
 * The parts of a JobManager, with Holdfast's dispatcher and REST endpoint, or Flink's own while Holdfast is switched
 * off. Start-up thread.
 */
public final class Components {

    private Components() {}

    /** A session cluster's. */
    public static DefaultDispatcherResourceManagerComponentFactory session(
            Configuration configuration, ResourceManagerFactory<?> resourceManagers) {
        boolean enabled = configuration.get(HoldfastOptions.ENABLED);
        return new DefaultDispatcherResourceManagerComponentFactory(
                DefaultDispatcherRunnerFactory.createSessionRunner(dispatchers(enabled)),
                resourceManagers,
                enabled ? HoldfastRestEndpointFactory.SESSION : SessionRestEndpointFactory.INSTANCE);
    }

    /** An application cluster's. */
    public static DefaultDispatcherResourceManagerComponentFactory application(
            Configuration configuration, PackagedProgram program, ResourceManagerFactory<?> resourceManagers) {
        boolean enabled = configuration.get(HoldfastOptions.ENABLED);
        return new DefaultDispatcherResourceManagerComponentFactory(
                new DefaultDispatcherRunnerFactory(ApplicationDispatcherLeaderProcessFactoryFactory.create(
                        configuration, dispatchers(enabled), program)),
                resourceManagers,
                enabled ? HoldfastRestEndpointFactory.APPLICATION : ApplicationRestEndpointFactory.INSTANCE);
    }

    private static DispatcherFactory dispatchers(boolean enabled) {
        return enabled ? HoldfastDispatcherFactory.INSTANCE : SessionDispatcherFactory.INSTANCE;
    }
}
