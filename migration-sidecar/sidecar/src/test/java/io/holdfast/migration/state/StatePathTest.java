package io.holdfast.migration.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StatePathTest {
    private static final String A = "a".repeat(32);
    private static final String CHECKPOINT = "/state/%1$s/%1$s/%1$s/0/12".formatted(A);

    @Test
    void pathOfACheckpointAndOfItsFileAreRead() {
        CheckpointId checkpoint = new CheckpointId(A, A, A, "0", "12");

        assertThat(StatePath.parse(CHECKPOINT)).contains(new StatePath(checkpoint, List.of()));
        assertThat(StatePath.parse(CHECKPOINT + "/files/db%20x/%C3%BC..%2e"))
                .contains(new StatePath(checkpoint, List.of("db x", "ü...")));
        assertThat(StatePath.parse(CHECKPOINT + "/files/%252e%252e"))
                .as("decoded once: the name of a file, though an odd one")
                .contains(new StatePath(checkpoint, List.of("%2e%2e")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", // the checkpoint itself is another path
                ".",
                "..",
                "a/../b",
                "a/..",
                "%2e%2e",
                "%2E%2e/a",
                ".%2e/a",
                "a//b",
                "/etc/passwd",
                "%2fetc%2fpasswd",
                "..%2f..%2fa",
                "a%5c..%5cb",
                "a%00",
                "a%",
                "a%2",
                "a%zz",
                "%c0%ae%c0%ae/a",
                "%ff",
                "a/"
            })
    void whatCouldLeadElsewhereIsNoPath(String file) {
        assertThat(StatePath.parse(CHECKPOINT + "/files/" + file)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/",
                "/state",
                "/state/A/A/A/0/12/",
                "/state/A/A/A/00/12",
                "/state/A/A/A/-1/12",
                "/state/A/A/A/0/99999999999999999999",
                "/state/A/A/0/12",
                "/state/../A/A/0/12",
                "/state/A/A/A/0/12/file/a",
                "http://x/state/A/A/A/0/12"
            })
    void whatIsNoCheckpointIsNoPath(String path) {
        assertThat(StatePath.parse(path.replace("A", A))).isEmpty();
        assertThat(StatePath.parse("/state/%1$s/%1$s/%1$s/0/12".formatted("A".repeat(32))))
                .isEmpty();
    }
}
