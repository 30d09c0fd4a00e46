package io.holdfast.flink.restart;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.AutoPartition;
import io.holdfast.flink.config.HoldfastOptions;
import io.holdfast.flink.config.HoldfastOptions.Algorithm;
import io.holdfast.flink.restart.FaultPoint.Fault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole jobs in one JVM whose first receiver of four is twenty times slower than the others. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class AutoPartitionJobTest {

    private static final double FAIR = 1.0 / SequencedJob.RECEIVERS;

    @RegisterExtension
    final TestCluster cluster = new TestCluster();

    @ParameterizedTest
    @EnumSource(Algorithm.class)
    void slowReceiverGetsLess(Algorithm algorithm) throws Exception {
        SequencedJob job = new SequencedJob();
        job.configuration().set(HoldfastOptions.AUTO_PARTITION_ALGORITHM, algorithm);

        Outcome outcome = cluster.run(job.graph());

        assertThat(outcome.status()).isEqualTo(JobStatus.FINISHED);
        assertThat(SequencedJob.share(0)).isBetween(0.001, 0.6 * FAIR);
        assertNothingLostOrRepeated(job);
    }

    @Test
    void rescaledEdgesHaveItToo() throws Exception {
        SequencedJob job = new SequencedJob().partitioning(DataStream::rescale);

        cluster.run(job.graph());

        double ofItsGroup = SequencedJob.share(0) / (SequencedJob.share(0) + SequencedJob.share(1));
        assertThat(ofItsGroup).isLessThan(0.35);
        assertNothingLostOrRepeated(job);
    }

    @Test
    void queriesHaveItToo() throws Exception {
        SequencedJob job = new SequencedJob().throughSql();

        cluster.run(job.graph());

        assertThat(SequencedJob.share(0)).isBetween(0.001, 0.6 * FAIR);
        assertNothingLostOrRepeated(job);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1})
    void bufferTimeoutKeepsItsMeaning(long timeoutMs) throws Exception {
        SequencedJob job = new SequencedJob().records(2_000).slowNanos(500_000);
        job.configuration().set(ExecutionOptions.BUFFER_TIMEOUT, Duration.ofMillis(Math.max(0, timeoutMs)));
        job.configuration().set(ExecutionOptions.BUFFER_TIMEOUT_ENABLED, timeoutMs >= 0);

        cluster.run(job.graph());

        assertNothingLostOrRepeated(job);
    }

    @Test
    void streamThatAsksForItHasItAlone() throws Exception {
        SequencedJob job = new SequencedJob().partitioning(AutoPartition::of);
        job.configuration().set(HoldfastOptions.AUTO_PARTITION_ENABLED, false);

        cluster.run(job.graph());

        assertThat(SequencedJob.share(0)).isLessThan(0.6 * FAIR);
        assertNothingLostOrRepeated(job);
    }

    @Test
    void withoutItEverybodyGetsTheSame() throws Exception {
        SequencedJob job = new SequencedJob().records(2_000);
        job.configuration().set(HoldfastOptions.AUTO_PARTITION_ENABLED, false);

        cluster.run(job.graph());

        assertRoundRobin();
    }

    @ParameterizedTest
    @ValueSource(strings = {SequencedJob.RECEIVER, "receiver-uid", "rec*"})
    void excludedOperatorGetsRoundRobin(String pattern) throws Exception {
        SequencedJob job = new SequencedJob().records(2_000);
        job.configuration().set(HoldfastOptions.AUTO_PARTITION_EXCLUDE, List.of("nobody", pattern));

        cluster.run(job.graph());

        assertRoundRobin();
    }

    @Test
    void jobWithUnalignedCheckpointsGetsRoundRobin() throws Exception {
        SequencedJob job = new SequencedJob().records(2_000);
        job.configuration().set(CheckpointingOptions.ENABLE_UNALIGNED, true);

        cluster.run(job.graph());

        assertRoundRobin();
    }

    @Test
    void flinksOwnAdaptivePartitionerHasNoSay() throws Exception {
        SequencedJob job = new SequencedJob();
        job.configuration().setString("taskmanager.network.adaptive-partitioner.enabled", "true");

        cluster.run(job.graph());

        assertThat(SequencedJob.share(0)).isLessThan(0.6 * FAIR);
        assertNothingLostOrRepeated(job);
    }

    @ParameterizedTest
    @CsvSource({"receiver-0", "receiver-2", "source-1"})
    void lossIsCountedToTheRecord(String task) throws Exception {
        SequencedJob job = new SequencedJob();
        FaultPoint.fail(task, Fault.RECORD);

        Outcome outcome = cluster.run(job.graph());

        assertThat(FaultPoint.restarted()).containsExactly(task);
        assertThat(outcome.fallbacks()).isEmpty();
        assertThat(outcome.allClosedAndExact()).as("%s", outcome.ledger()).isTrue();
        assertOrdered();
    }

    @ParameterizedTest
    @CsvSource({"sink-1", "map-1", "source-1"})
    void outputLacksWhatTheLedgerSays(String task) throws Exception {
        NumbersJob numbers = new NumbersJob().autoPartition();
        FaultPoint.fail(task, Fault.RECORD);

        Outcome outcome = cluster.run(numbers.graph());

        assertThat(FaultPoint.restarted()).containsExactly(task);
        assertThat(outcome.missing()).as("%s", outcome.ledger()).isEqualTo(numbers.missing());
        assertThat(outcome.allClosedAndExact()).as("%s", outcome.ledger()).isTrue();
    }

    @ParameterizedTest(name = "{0} subtasks")
    @ValueSource(ints = {2, 4})
    void jobGoesOnFromASavepointWithMoreOrFewerReceivers(int parallelism, @TempDir Path savepoints) throws Exception {
        NumbersJob numbers = new NumbersJob().autoPartition().records(40_000);
        JobID first = cluster.submit(numbers.graph());
        Waiting.until(() -> Committing.transactions() > 5);

        String savepoint = cluster.stopWithSavepoint(first, savepoints.toUri().toString());
        cluster.outcome(first);
        long missingThen = numbers.missing();
        Outcome outcome =
                cluster.outcome(cluster.submit(numbers.parallelism(parallelism).graph(), savepoint));

        assertThat(missingThen).as("stopped in the middle").isPositive();
        assertThat(outcome.status()).isEqualTo(JobStatus.FINISHED);
        assertThat(outcome.missing()).isZero();
        assertThat(numbers.missing()).isZero();
    }

    @Test
    void recordsLargerThanABufferAreNeverHalved() throws Exception {
        NumbersJob numbers =
                new NumbersJob().autoPartition().paddingBytes(100_000).records(1_500);
        FaultPoint.fail("sink-2", Fault.RECORD);

        Outcome outcome = cluster.run(numbers.graph());

        assertThat(outcome.missing()).as("%s", outcome.ledger()).isEqualTo(numbers.missing());
        assertThat(outcome.allClosedAndExact()).as("%s", outcome.ledger()).isTrue();
    }

    @Test
    void metricsTellWhoGetsWhat() throws Exception {
        JobID job = cluster.submit(new SequencedJob().records(100_000).graph());

        // it is learnt: the first word may be of a moment at which the machine had something else to do
        Waiting.until(() -> gauge("serviceRate", 0) > 0 && gauge("serviceRate", 3) > 3 * gauge("serviceRate", 0));

        assertThat(gauge("weight", 3)).isEqualTo(1);
        assertThat(gauge("records", 3)).isPositive();
        assertThat(gauge("share", 3)).isBetween(0.0, 1.0);
        assertThat(gauge("credits", 3)).isGreaterThanOrEqualTo(-1);
        cluster.miniCluster().cancelJob(job).get();
        cluster.outcome(job);
    }

    private double gauge(String name, int receiver) {
        return cluster.metrics(name, ".holdfast.edge.0.receiver." + receiver + ".").stream()
                .mapToDouble(metric -> ((Number) ((Gauge<?>) metric).getValue()).doubleValue())
                .max()
                .orElse(0);
    }

    // ------------------------------------------------------------------ vocabulary

    private static void assertNothingLostOrRepeated(SequencedJob job) {
        long got = 0;
        for (int i = 0; i < SequencedJob.RECEIVERS; i++) {
            List<String> records = SequencedJob.got(i);
            got += records.size();
            assertThat(records).doesNotHaveDuplicates();
        }
        assertThat(got).isEqualTo(job.records());
        assertOrdered();
    }

    private static void assertOrdered() {
        SequencedJob.sequences()
                .forEach((channel, numbers) ->
                        assertThat(numbers).as(channel).isSorted().doesNotHaveDuplicates());
    }

    private static void assertRoundRobin() {
        for (int i = 0; i < SequencedJob.RECEIVERS; i++) {
            assertThat(SequencedJob.share(i)).as("share of %d", i).isBetween(0.98 * FAIR, 1.02 * FAIR);
        }
    }
}
