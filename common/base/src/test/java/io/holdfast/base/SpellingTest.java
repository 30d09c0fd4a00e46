package io.holdfast.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpellingTest {
    private static final List<String> OPTIONS = List.of(
            "holdfast.enabled",
            "holdfast.restart.guarantee",
            "holdfast.restart.heartbeat-interval",
            "holdfast.restart.suspect-timeout");

    @ParameterizedTest(name = "{0} -> {1}")
    @CsvSource({
        "holdfast.restart.guarante, holdfast.restart.guarantee",
        "holdfast.restart.garantee, holdfast.restart.guarantee",
        "holdfast.restart.guaranteee, holdfast.restart.guarantee",
        "holdfast.restart.guarnatee, holdfast.restart.guarantee",
        "holdfast.restrat.guarantee, holdfast.restart.guarantee",
        "holdfast.restart.suspectTimeout, holdfast.restart.suspect-timeout",
        "HOLDFAST_RESTART_SUSPECT_TIMEOUT, holdfast.restart.suspect-timeout",
        "holdfast.enable, holdfast.enabled",
    })
    void slipOfTheHandFindsWhatWasMeant(String typed, String meant) {
        assertThat(Spelling.closest(typed, OPTIONS)).contains(meant);
    }

    @ParameterizedTest
    @CsvSource({"holdfast.autopartition.interval", "taskmanager.memory.process.size", "x", "''"})
    void nameUnlikeAnyOtherGetsNoSuggestion(String typed) {
        assertThat(Spelling.closest(typed, OPTIONS)).isEmpty();
    }

    @Test
    void shortNamesAreNotGuessed() {
        assertThat(Spelling.closest("bat", List.of("cat", "dog"))).isEmpty();
        assertThat(Spelling.closest("demp", List.of("demo", "bench"))).contains("demo");
    }

    @Test
    void nothingKnownGivesNothing() {
        assertThat(Spelling.closest("demo", List.of())).isEmpty();
    }

    @Test
    void closerNameWinsWhateverTheOrder() {
        assertThat(Spelling.closest("sidecar1", List.of("sidecars2", "sidecar2")))
                .contains("sidecar2");
        assertThat(Spelling.closest("sidecar1", List.of("sidecar2", "sidecars2")))
                .contains("sidecar2");
    }

    @Test
    void equallyCloseNamesAreSettledByTheAlphabet() {
        assertThat(Spelling.closest("task-c", List.of("task-b", "task-a"))).contains("task-a");
        assertThat(Spelling.closest("task-c", List.of("task-a", "task-b"))).contains("task-a");
    }

    @Test
    void suggestionIsSpelledAsItIsKnown() {
        assertThat(Spelling.closest("holdfast-resize-ceilng", List.of("HOLDFAST_RESIZE_CEILING")))
                .contains("HOLDFAST_RESIZE_CEILING");
    }

    @ParameterizedTest(name = "{0} and {1}: {2}")
    @CsvSource({
        "'', '', 0",
        "'', abc, 3",
        "abc, abc, 0",
        "abc, ab, 1",
        "abc, abd, 1",
        "abcd, abdc, 1",
        "kitten, sitting, 3",
        // the restricted form: "ca" to "abc" may not swap and then insert between the swapped
        "ca, abc, 3",
    })
    void slipsAreCounted(String one, String other, int slips) {
        assertThat(Spelling.slips(one, other, 9)).isEqualTo(slips);
        assertThat(Spelling.slips(other, one, 9)).isEqualTo(slips);
    }

    @Test
    void boundChangesNoCountWithinIt() {
        Random random = new Random(20261122);
        for (int round = 0; round < 5_000; round++) {
            String one = word(random);
            String other = word(random);
            int slips = Spelling.slips(one, other, 99);
            for (int bound = 0; bound <= 8; bound++) {
                int bounded = Spelling.slips(one, other, bound);
                if (slips <= bound) {
                    assertThat(bounded)
                            .as("%s and %s within %d", one, other, bound)
                            .isEqualTo(slips);
                } else {
                    assertThat(bounded)
                            .as("%s and %s within %d", one, other, bound)
                            .isGreaterThan(bound);
                }
            }
        }
    }

    private static String word(Random random) {
        return random.ints(random.nextInt(8), 'a', 'd')
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }
}
