package io.holdfast.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JobManagerCostTest {

    @Test
    void figuresAreFoundAmongOtherLines() {
        Map<String, Double> figures = JobManagerCost.figures(
                List.of("WARNING: something", "FIGURE task_restore_ms 1.5000", "FIGURE task_lost 1.0000"));

        assertThat(figures).isEqualTo(Map.of("task_restore_ms", 1.5, "task_lost", 1.0));
    }
}
