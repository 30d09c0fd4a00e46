package io.holdfast.flink.shuffle;

import io.holdfast.flink.config.FlinkVersionGuard;
import io.holdfast.flink.config.HoldfastOptions;
import io.holdfast.flink.config.OptionCheck;
import io.holdfast.flink.config.Pairing;
import org.apache.flink.runtime.io.network.HoldfastShuffleEnvironment;
import org.apache.flink.runtime.io.network.NettyShuffleServiceFactory;
import org.apache.flink.runtime.io.network.partition.ResultPartition;
import org.apache.flink.runtime.io.network.partition.consumer.SingleInputGate;
import org.apache.flink.runtime.shuffle.HoldfastShuffleMaster;
import org.apache.flink.runtime.shuffle.NettyShuffleDescriptor;
import org.apache.flink.runtime.shuffle.ShuffleEnvironment;
import org.apache.flink.runtime.shuffle.ShuffleEnvironmentContext;
import org.apache.flink.runtime.shuffle.ShuffleMaster;
import org.apache.flink.runtime.shuffle.ShuffleMasterContext;
import org.apache.flink.runtime.shuffle.ShuffleServiceFactory;

/** The value of {@code shuffle-service-factory.class} that turns on Holdfast's exchange. */
public final class HoldfastShuffleServiceFactory
        implements ShuffleServiceFactory<NettyShuffleDescriptor, ResultPartition, SingleInputGate> {

    private final NettyShuffleServiceFactory stock = new NettyShuffleServiceFactory();

    /** JobManager start-up thread. */
    @Override
    public ShuffleMaster<NettyShuffleDescriptor> createShuffleMaster(ShuffleMasterContext context) {
        FlinkVersionGuard.check();
        OptionCheck.check(context.getConfiguration());
        if (!context.getConfiguration().get(HoldfastOptions.ENABLED)) {
            return stock.createShuffleMaster(context);
        }
        Pairing.requireEntryPoint(context.getConfiguration());
        return new HoldfastShuffleMaster(context);
    }

    /** TaskManager start-up thread. */
    @Override
    public ShuffleEnvironment<ResultPartition, SingleInputGate> createShuffleEnvironment(
            ShuffleEnvironmentContext context) {
        FlinkVersionGuard.check();
        OptionCheck.check(context.getConfiguration());
        return context.getConfiguration().get(HoldfastOptions.ENABLED)
                ? HoldfastShuffleEnvironment.create(context)
                : stock.createShuffleEnvironment(context);
    }
}
