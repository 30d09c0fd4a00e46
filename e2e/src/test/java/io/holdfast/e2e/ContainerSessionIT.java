package io.holdfast.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.testing.Eventually;
import io.holdfast.testing.FlinkRest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** A container whose entry point is Holdfast's runs a session JobManager with Holdfast, and hands it its SIGTERM. */
@Timeout(120)
class ContainerSessionIT {

    @SuppressWarnings("unused")
    private static final List<String> MINORS = Installation.MINORS;

    private static final int ENDED_BY_SIGTERM = 128 + 15;

    @TempDir
    private Path directory;

    @ParameterizedTest
    @FieldSource("MINORS")
    void stockMainClassBecomesHoldfasts(String minor) throws IOException {
        Installation flink = new Installation(minor);
        JobManagerSetup setup = new JobManagerSetup(directory, flink, List.of(flink.holdfastJar()));
        try (Launched jobManager = setup.startInContainer(
                "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
                List.of("--configDir", setup.configDirectory().toString()))) {
            FlinkRest rest = setup.rest();
            Eventually.until(Duration.ofSeconds(60), () -> {
                assertThat(jobManager.isAlive()).as(jobManager::standardError).isTrue();
                rest.overview();
            });

            // Stock Flink has no such path: it says "Not found: /holdfast/...".
            assertThatThrownBy(() -> rest.get("/holdfast/jobs/" + "0".repeat(32) + "/incidents"))
                    .isInstanceOf(FlinkRest.Refusal.class)
                    .hasMessageContaining("Could not find Flink job");
            assertThat(setup.log()).contains("Starting HoldfastStandaloneSessionEntrypoint");

            jobManager.terminate();

            assertThat(jobManager.exitCode(Duration.ofSeconds(30))).isEqualTo(ENDED_BY_SIGTERM);
        }
    }
}
