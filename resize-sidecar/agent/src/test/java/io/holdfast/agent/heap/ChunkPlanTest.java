package io.holdfast.agent.heap;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChunkPlanTest {
    private static final long MIB = 1 << 20;

    @ParameterizedTest(name = "heap of {0} MiB, regions of {1} MiB -> pieces of {2} MiB")
    @CsvSource({"40, 1, 1", "512, 1, 8", "1000, 1, 15", "4096, 2, 32", "100000, 32, 32", "200000, 64, 64"})
    void piecesAreOfWholeRegionsAndNotLargerThanNeeded(long heap, long region, long chunk) {
        assertThat(ChunkPlan.of(heap * MIB, region * MIB).pieceBytes()).isEqualTo(chunk * MIB);
    }

    @ParameterizedTest(name = "ceiling {0} -> balloon {1}")
    @CsvSource({"4096, 0", "4095, 2", "4094, 2", "1000, 3096", "0, 4096"})
    void balloonLeavesTheCeilingOrLessByAPartOfARegion(long ceiling, long balloon) {
        ChunkPlan plan = new ChunkPlan(2 * MIB, 32 * MIB);

        assertThat(plan.balloonFor(4096 * MIB, ceiling * MIB)).isEqualTo(balloon * MIB);
    }

    @ParameterizedTest(name = "header of {0} bytes")
    @CsvSource({"16", "24"})
    void arrayFitsWhateverItsHeaderAndLeavesNoRoomForAnother(int header) {
        long taken = ChunkPlan.elements(32 * MIB) * 8L + header;

        assertThat(taken).isBetween(32 * MIB - 8, 32 * MIB);
    }
}
