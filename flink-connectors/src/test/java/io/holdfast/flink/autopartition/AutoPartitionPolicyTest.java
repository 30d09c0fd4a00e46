package io.holdfast.flink.autopartition;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.AutoPartition;
import io.holdfast.flink.autopartition.AutoPartitionPolicy.Edges;
import io.holdfast.flink.config.HoldfastOptions;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.JobVertex;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** On which edges Holdfast chooses. */
class AutoPartitionPolicyTest {

    private static final Set<JobVertexID> NO_COMMITTERS = Set.of();

    @Test
    void edgesWhereAnyReceiverWillDoAreChosen() {
        assertThat(on(DataStream::rebalance)).isTrue();
        assertThat(on(DataStream::rescale)).isTrue();
    }

    @Test
    void otherEdgesAreNot() {
        assertThat(on(stream -> stream.keyBy(number -> number))).isFalse();
        assertThat(on(DataStream::forward)).isFalse();
        assertThat(on(DataStream::broadcast)).isFalse();
        assertThat(on(DataStream::shuffle)).isFalse();
        assertThat(on(DataStream::global)).isFalse();
        assertThat(on(stream -> stream.partitionCustom((key, n) -> 0, number -> number)))
                .isFalse();
    }

    @Test
    void nothingIsChosenByDefault() {
        Edges edges = AutoPartitionPolicy.edges(graph(DataStream::rebalance), settings(), NO_COMMITTERS);

        assertThat(edges.on()).isEmpty();
        assertThat(edges.off()).as("nothing to tell either").isEmpty();
    }

    @Test
    void streamThatAsksForItHasItByDefault() {
        Edges edges = AutoPartitionPolicy.edges(graph(AutoPartition::of), settings(), NO_COMMITTERS);

        assertThat(edges.on()).hasSize(1);
    }

    @Test
    void jobsOwnConfigurationWins() {
        Configuration cluster = new Configuration().set(HoldfastOptions.AUTO_PARTITION_ENABLED, true);
        Configuration job = new Configuration().set(HoldfastOptions.AUTO_PARTITION_ENABLED, false);

        assertThat(AutoPartitionSettings.of(cluster, new Configuration()).enabled())
                .isTrue();
        assertThat(AutoPartitionSettings.of(cluster, job).enabled()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"slow call", "slow*", "*call*", "call-uid", "call*", "*"})
    void excludedOperatorsAreLeftAlone(String pattern) {
        Edges edges = AutoPartitionPolicy.edges(
                graph(DataStream::rebalance), enabledBut(List.of("other", pattern)), NO_COMMITTERS);

        assertThat(edges.on()).isEmpty();
        assertThat(edges.off()).containsOnlyKeys("Source: Sequence Source => slow call -> Sink: Writer");
        assertThat(edges.off().values()).first().asString().startsWith("holdfast.auto-partition.exclude matches ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"slow", "call", "slow call.", "s.*", "\\Eslow*", ""})
    void patternsMatchWholeNamesAndKnowStarsOnly(String pattern) {
        Edges edges =
                AutoPartitionPolicy.edges(graph(DataStream::rebalance), enabledBut(List.of(pattern)), NO_COMMITTERS);

        assertThat(edges.on()).hasSize(1);
    }

    @Test
    void exclusionIsStrongerThanAStreamThatAsks() {
        Edges edges =
                AutoPartitionPolicy.edges(graph(AutoPartition::of), enabledBut(List.of("slow call")), NO_COMMITTERS);

        assertThat(edges.on()).isEmpty();
    }

    @Test
    void committablesGoWhereTheyBelong() {
        JobGraph graph = graph(DataStream::rebalance);
        Set<JobVertexID> all = StreamSupport.stream(graph.getVertices().spliterator(), false)
                .map(JobVertex::getID)
                .collect(Collectors.toSet());

        Edges edges = AutoPartitionPolicy.edges(graph, enabledBut(List.of()), all);

        assertThat(edges.on()).isEmpty();
        assertThat(edges.off().values()).containsExactly("a sink's committables travel on it");
    }

    @Test
    void singleReceiverIsNoChoice() {
        JobGraph graph = graph(DataStream::rebalance);
        graph.getVertices().forEach(vertex -> vertex.setParallelism(1));

        assertThat(AutoPartitionPolicy.edges(graph, enabledBut(List.of()), NO_COMMITTERS)
                        .off()
                        .values())
                .containsExactly("it has one receiver");
    }

    private static boolean on(UnaryOperator<DataStream<Long>> partitioning) {
        Edges edges = AutoPartitionPolicy.edges(graph(partitioning), enabledBut(List.of()), NO_COMMITTERS);
        return edges.on().size() == 1;
    }

    private static AutoPartitionSettings settings() {
        return AutoPartitionSettings.of(new Configuration(), new Configuration());
    }

    private static AutoPartitionSettings enabledBut(List<String> exclude) {
        return AutoPartitionSettings.of(
                new Configuration()
                        .set(HoldfastOptions.AUTO_PARTITION_ENABLED, true)
                        .set(HoldfastOptions.AUTO_PARTITION_EXCLUDE, exclude),
                new Configuration());
    }

    private static JobGraph graph(UnaryOperator<DataStream<Long>> partitioning) {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.setParallelism(2);
        partitioning
                .apply(env.fromSequence(0, 100))
                .map(number -> number)
                .name("slow call")
                .uid("call-uid")
                .sinkTo(new DiscardingSink<>());
        return env.getStreamGraph().getJobGraph();
    }
}
