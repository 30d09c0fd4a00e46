package io.holdfast.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class BenchTest {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void anUnknownBenchmarkIsRefusedWithTheOneThatWasMeant() {
        assertThat(bench("restrat")).isEqualTo(2);

        assertThat(err.toString(StandardCharsets.UTF_8))
                .contains("'restrat'", "Did you mean restart?", "Usage: ./holdfast bench");
    }

    @Test
    void anUnknownOptionIsRefused() {
        assertThat(bench("restart", "--slow")).isEqualTo(2);

        assertThat(err.toString(StandardCharsets.UTF_8)).contains("--slow");
    }

    @Test
    void helpNamesEveryBenchmark() {
        assertThat(bench("--help")).isZero();

        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains("restart", "throughput", "auto-partition", "resize", "migration", "handoff");
    }

    @Test
    void theAdaptivePartitionerIsThereUnlessAnotherFlinkIsAskedFor() {
        assertThat(Variant.of(Bench.usualMinor("auto-partition"))).contains(Variant.ADAPTIVE_4, Variant.ADAPTIVE_ALL);
        assertThat(Bench.usualMinor("restart")).isEqualTo("2.2");
    }

    private int bench(String... arguments) {
        return Bench.run(
                List.of(arguments),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
    }
}
