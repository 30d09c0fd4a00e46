package io.holdfast.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** A JobManager that cannot be what its configuration says does not start, and says in one line what to correct. */
@Timeout(120)
class RefusedStartIT {

    @SuppressWarnings("unused")
    private static final List<String> MINORS = Installation.MINORS;

    private static final String HOLDFAST = "io.holdfast.flink.entrypoint.HoldfastStandaloneSessionEntrypoint";
    private static final String STOCK = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint";
    private static final int BAD_CONFIGURATION = 78;
    private static final int UNCAUGHT_IN_FLINK = 239;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    @ParameterizedTest
    @FieldSource("MINORS")
    void unknownOptionIsRefusedWithTheNearestOne(String minor) {
        assertRefused(
                setup(minor).option("holdfast.restart.guarante", "region"),
                "holdfast.restart.guarante is not an option of Holdfast; did you mean holdfast.restart.guarantee?"
                        + " Correct the holdfast options in Flink's configuration.");
    }

    @ParameterizedTest
    @FieldSource("MINORS")
    void badValueIsRefusedWithItsOption(String minor) {
        assertRefused(
                setup(minor).option("holdfast.ledger.max-incidents", "0"),
                "holdfast.ledger.max-incidents must be at least 1: 0. Correct the holdfast options");
    }

    @ParameterizedTest
    @FieldSource("MINORS")
    void jarOfAnotherMinorIsRefused(String minor) {
        Installation flink = new Installation(minor);
        assertRefused(
                new JobManagerSetup(directory, flink, List.of(flink.other().holdfastJar())),
                "This jar is for Flink %s but Flink %s".formatted(flink.other().flinkMinor(), minor),
                "Put the holdfast-flink jar built for Flink " + minor);
    }

    @ParameterizedTest
    @FieldSource("MINORS")
    void secondJarIsRefused(String minor) throws IOException {
        Installation flink = new Installation(minor);
        Path copy = Files.copy(flink.holdfastJar(), directory.resolve("holdfast-flink-old.jar"));
        assertRefused(
                new JobManagerSetup(directory, flink, List.of(flink.holdfastJar(), copy)),
                "2 holdfast-flink jars are on the class path",
                "holdfast-flink-old.jar",
                "Keep the one that fits this Flink in lib/, and remove the others.");
    }

    @ParameterizedTest
    @FieldSource("MINORS")
    void entryPointWithoutTheShuffleServiceIsRefused(String minor) {
        assertRefused(
                setup(minor).without(JobManagerSetup.SHUFFLE),
                "Entry point HoldfastStandaloneSessionEntrypoint runs with shuffle service org.apache.flink",
                "Set 'shuffle-service-factory.class: io.holdfast.flink.shuffle.HoldfastShuffleServiceFactory'");
    }

    /** Flink loads the shuffle service, so the exit code is Flink's. */
    @ParameterizedTest
    @FieldSource("MINORS")
    void shuffleServiceWithoutTheEntryPointEndsTheJobManager(String minor) throws IOException {
        JobManagerSetup setup = setup(minor);
        try (Launched jobManager = start(setup, STOCK)) {
            assertThat(jobManager.exitCode(PATIENCE)).as(setup::log).isEqualTo(UNCAUGHT_IN_FLINK);
        }
        assertThat(setup.log())
                .contains("Holdfast's shuffle service runs without Holdfast's entry point. Start the JobManager with");
    }

    private JobManagerSetup setup(String minor) {
        Installation flink = new Installation(minor);
        return new JobManagerSetup(directory, flink, List.of(flink.holdfastJar()));
    }

    private static Launched start(JobManagerSetup setup, String mainClass) {
        return setup.start(
                mainClass, List.of("--configDir", setup.configDirectory().toString()));
    }

    private static void assertRefused(JobManagerSetup setup, String... sentences) {
        try (Launched jobManager = start(setup, HOLDFAST)) {
            int exitCode = jobManager.exitCode(PATIENCE);

            List<String> said =
                    new ArrayList<>(jobManager.standardError().lines().toList());
            assertThat(exitCode).as(() -> String.join("\n", said)).isEqualTo(BAD_CONFIGURATION);
            assertThat(said).singleElement().asString().contains(sentences);
        }
    }
}
