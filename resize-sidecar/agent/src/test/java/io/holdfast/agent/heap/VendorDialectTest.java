package io.holdfast.agent.heap;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Against what the vendors' sources and documents show of options and answers; none of these JVMs was run. */
class VendorDialectTest {
    private static final long MIB = 1 << 20;

    @Test
    void eachIsKnownByTheOptionsItWasStartedWith() {
        assertThat(enabled(Map.of("ElasticMaxHeap", "true"))).containsExactly(VendorDialect.KONA);
        assertThat(enabled(Map.of("ElasticMaxHeap", "false"))).isEmpty();
        assertThat(enabled(Map.of("DynamicMaxHeapSizeLimit", "4294967296"))).containsExactly(VendorDialect.BISHENG);
        assertThat(enabled(Map.of("DynamicMaxHeapSizeLimit", "0"))).isEmpty();
        assertThat(enabled(Map.of("G1ElasticHeap", "true"))).containsExactly(VendorDialect.DRAGONWELL);
        assertThat(enabled(Map.of("UseG1GC", "true"))).isEmpty();
    }

    @Test
    void konaIsBelievedWhenItSaysSuccessAndTheSizeAskedFor() {
        String answer = "GC.elastic_max_heap (614400K->512000K)(1048576K)\nGC.elastic_max_heap success\n";

        assertThat(VendorDialect.KONA.argument(500 * MIB, 1024 * MIB)).isEqualTo("512000K");
        assertThat(VendorDialect.KONA.confirmed(answer, 500 * MIB, 1024 * MIB)).hasValue(500 * MIB);
        assertThat(VendorDialect.KONA.confirmed(answer, 400 * MIB, 1024 * MIB)).isEmpty();
        assertThat(VendorDialect.KONA.confirmed("GC.elastic_max_heap fail", 500 * MIB, 1024 * MIB))
                .isEmpty();
        assertThat(VendorDialect.KONA.confirmed(
                        "java.lang.IllegalArgumentException: Unknown diagnostic command", 500 * MIB, 1024 * MIB))
                .isEmpty();
    }

    @Test
    void biShengIsBelievedWhenItSaysSuccess() {
        assertThat(VendorDialect.BISHENG.argument(2048 * MIB, 4096 * MIB)).isEqualTo("2097152K");
        assertThat(VendorDialect.BISHENG.confirmed("GC.change_max_heap success", 2048 * MIB, 4096 * MIB))
                .hasValue(2048 * MIB);
        assertThat(VendorDialect.BISHENG.confirmed("GC.change_max_heap fail", 2048 * MIB, 4096 * MIB))
                .isEmpty();
    }

    @Test
    void dragonwellIsAskedForAShareAndIsSoft() {
        assertThat(VendorDialect.DRAGONWELL.hard()).isFalse();
        assertThat(VendorDialect.DRAGONWELL.argument(600 * MIB, 1000 * MIB)).isEqualTo("softmx_percent=60");
        assertThat(VendorDialect.DRAGONWELL.argument(605 * MIB, 1000 * MIB)).isEqualTo("softmx_percent=60");
        assertThat(VendorDialect.DRAGONWELL.confirmed(
                        "[GC.elastic_heap: in softmx mode. softmx percent 60, uncommitted 400 MB]",
                        600 * MIB,
                        1000 * MIB))
                .hasValue(600 * MIB);
        assertThat(VendorDialect.DRAGONWELL.confirmed("[GC.elastic_heap: inactive]", 600 * MIB, 1000 * MIB))
                .isEmpty();
    }

    private static List<VendorDialect> enabled(Map<String, String> options) {
        return Stream.of(VendorDialect.values())
                .filter(dialect -> dialect.enabled(options::get))
                .toList();
    }
}
