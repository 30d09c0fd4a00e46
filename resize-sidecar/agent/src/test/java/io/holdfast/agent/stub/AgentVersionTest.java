package io.holdfast.agent.stub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgentVersionTest {
    @ParameterizedTest(name = "{0} over {1}: {2}")
    @CsvSource({
        "0.2.0, 0.1.0, true",
        "0.1.0, 0.2.0, false",
        "0.10, 0.9.9, true",
        "1, 1.0, false",
        "1.0.1, 1, true",
        "0.1.0, 0.1.0-SNAPSHOT, true",
        "0.1.0-SNAPSHOT, 0.1.0, false",
        "0.1.0-SNAPSHOT, 0.1.0-SNAPSHOT, false"
    })
    void newerIsWhatCountsHigherThenWhatIsReleased(String candidate, String running, boolean newer) {
        assertThat(AgentVersion.isNewer(candidate, running)).isEqualTo(newer);
    }

    @Test
    void whatIsNoVersionIsRefused() {
        assertThatThrownBy(() -> AgentVersion.isNewer("latest", "1")).hasMessageContaining("'latest'");
    }
}
