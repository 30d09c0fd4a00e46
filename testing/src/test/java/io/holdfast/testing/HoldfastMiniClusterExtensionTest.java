package io.holdfast.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class HoldfastMiniClusterExtensionTest {

    @RegisterExtension
    static final HoldfastMiniClusterExtension CLUSTER = new HoldfastMiniClusterExtension(2, 2);

    @Test
    void jobSurvivesTheLossOfATaskManager() throws Exception {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.setParallelism(2);
        env.enableCheckpointing(100);
        env.fromSource(new NumberSequenceSource(0, 4_000), WatermarkStrategy.noWatermarks(), "numbers")
                .map(number -> {
                    LockSupport.parkNanos(300_000);
                    return number;
                })
                .rebalance()
                .sinkTo(new DiscardingSink<>());
        JobID job = CLUSTER.submit(env);

        CLUSTER.startTaskManager();
        CLUSTER.killTaskManager(0);

        assertThat(CLUSTER.awaitEnd(job)).isEqualTo(JobStatus.FINISHED);
    }
}
