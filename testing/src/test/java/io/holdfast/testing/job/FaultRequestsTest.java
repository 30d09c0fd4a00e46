package io.holdfast.testing.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FaultRequestsTest {

    @TempDir
    private Path directory;

    private FaultRequests requests;

    @BeforeEach
    void look() {
        requests = new FaultRequests(directory);
    }

    @Test
    void aFailureIsTakenOnceAndByTheRightSubtask() throws IOException {
        requests.add("keyed", 1);

        assertThat(requests.take("keyed", 0)).isFalse();
        assertThat(requests.take("enrich", 1)).isFalse();
        assertThat(requests.take("keyed", 1)).isTrue();
        assertThat(requests.take("keyed", 1)).isFalse();
    }

    @Test
    void askingTwiceIsAskingOnce() throws IOException {
        requests.add("keyed", 1);
        requests.add("keyed", 1);

        assertThat(requests.take("keyed", 1)).isTrue();
        assertThat(requests.take("keyed", 1)).isFalse();
    }

    @Test
    void aRequestIsThereUntilItIsTaken() throws IOException {
        Files.createFile(directory.resolve("pause"));
        requests.add("sink", 0);
        requests.add("map", 2);
        assertThat(requests.contains("map", 2)).isTrue();
        assertThat(requests.names()).containsExactly("fail-map-2", "fail-sink-0");

        requests.take("map", 2);

        assertThat(requests.contains("map", 2)).isFalse();
        assertThat(requests.names()).containsExactly("fail-sink-0");
    }
}
