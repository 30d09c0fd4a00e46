package io.holdfast.flink.config;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.shuffle.ShuffleServiceOptions;

/** Holdfast's entry point and its shuffle service are of use only together; each refuses to start without the other. */
public final class Pairing {

    /** As users write it. A name and not the class, which needs this one. */
    static final String SHUFFLE_SERVICE = "io.holdfast.flink.shuffle.HoldfastShuffleServiceFactory";

    private Pairing() {}

    /**
     * JobManager start-up thread. Checks all that an entry point can check, and leaves its mark for the shuffle service.
     *
     * @return a copy of {@code configuration} with the mark
     * @throws HoldfastException {@link Disposition#FATAL}, with the remedy
     */
    public static Configuration entering(Configuration configuration, Class<?> entryPoint) {
        FlinkVersionGuard.check();
        OptionCheck.check(configuration);
        String shuffle = configuration.get(ShuffleServiceOptions.SHUFFLE_SERVICE_FACTORY_CLASS);
        if (configuration.get(HoldfastOptions.ENABLED) && !shuffle.equals(SHUFFLE_SERVICE)) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "Entry point %s runs with shuffle service %s".formatted(entryPoint.getSimpleName(), shuffle),
                    "Set '%s: %s' for JobManager and TaskManagers, or '%s: false'"
                            .formatted(
                                    ShuffleServiceOptions.SHUFFLE_SERVICE_FACTORY_CLASS.key(),
                                    SHUFFLE_SERVICE,
                                    HoldfastOptions.ENABLED.key()));
        }
        Configuration marked = new Configuration(configuration);
        marked.set(HoldfastOptions.ENTRY_POINT, entryPoint.getName());
        return marked;
    }

    /**
     * JobManager start-up thread, for the shuffle service.
     *
     * @throws HoldfastException {@link Disposition#FATAL} if no entry point has left its mark
     */
    public static void requireEntryPoint(Configuration configuration) {
        if (configuration.getOptional(HoldfastOptions.ENTRY_POINT).isEmpty()) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "Holdfast's shuffle service runs without Holdfast's entry point",
                    ("Start the JobManager with one of Holdfast's entry points (docs/how-to/turn-it-on.md), or remove"
                                    + " '%s', or set '%s: false'")
                            .formatted(
                                    ShuffleServiceOptions.SHUFFLE_SERVICE_FACTORY_CLASS.key(),
                                    HoldfastOptions.ENABLED.key()));
        }
    }
}
