package io.holdfast.testing.containers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;

class NeedsTest {

    /** Not a test of its own: run below, with a machine that has or lacks the tool. */
    @Needs(Tool.REGISTRY)
    static class Dependent {
        @Test
        void runs() {}
    }

    @Test
    void testRunsWhereItsToolsAreAndElseSaysInOneLineHowToGetThem() {
        PrintStream standardOut = System.out;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
        EngineExecutionResults results;
        try {
            results = EngineTestKit.engine("junit-jupiter")
                    .selectors(selectClass(Dependent.class))
                    .execute();
        } finally {
            System.setOut(standardOut);
        }

        boolean lacking = Tool.REGISTRY.problem().isPresent();
        assertThat(results.testEvents().succeeded().count()).isEqualTo(lacking ? 0 : 1);
        assertThat(results.containerEvents().skipped().count()).isEqualTo(lacking ? 1 : 0);
        assertThat(said.toString(StandardCharsets.UTF_8))
                .isEqualTo(
                        lacking
                                ? "SKIPPED Dependent: docker-registry not found. Install with: apt-get install"
                                        + " --no-install-recommends docker-registry.\n"
                                : "");
    }
}
