package io.holdfast.flink.entrypoint;

import io.holdfast.flink.config.HoldfastOptions;
import io.holdfast.flink.config.Pairing;
import io.holdfast.flink.shuffle.HoldfastShuffleServiceFactory;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.entrypoint.component.DispatcherResourceManagerComponentFactory;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.runtime.resourcemanager.StandaloneResourceManagerFactory;
import org.apache.flink.runtime.shuffle.ShuffleServiceOptions;

/** A whole cluster in one JVM, with Holdfast: for tests of jobs. */
public final class HoldfastMiniCluster extends MiniCluster {

    private final Configuration configuration;

    /** Test's thread. {@code configuration} is made by {@link #configure}. */
    public HoldfastMiniCluster(MiniClusterConfiguration configuration) {
        super(configuration);
        this.configuration = configuration.getConfiguration();
    }

    /**
     * Test's thread. A copy of {@code configuration} with Holdfast turned on, unless it turns it off itself.
     *
     * @throws io.holdfast.base.HoldfastException if Holdfast's options in it are unusable
     */
    public static Configuration configure(Configuration configuration) {
        Configuration complete = new Configuration(configuration);
        complete.set(
                ShuffleServiceOptions.SHUFFLE_SERVICE_FACTORY_CLASS, HoldfastShuffleServiceFactory.class.getName());
        return Pairing.entering(complete, HoldfastMiniCluster.class);
    }

    @Override
    protected DispatcherResourceManagerComponentFactory createDispatcherResourceManagerComponentFactory() {
        return configuration.get(HoldfastOptions.ENABLED)
                ? Components.session(configuration, StandaloneResourceManagerFactory.getInstance())
                : super.createDispatcherResourceManagerComponentFactory();
    }
}
