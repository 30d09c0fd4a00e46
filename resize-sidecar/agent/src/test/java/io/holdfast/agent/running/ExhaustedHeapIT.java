package io.holdfast.agent.running;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An application that has used up its heap takes nothing from the agent but time. */
@Timeout(120)
class ExhaustedHeapIT {
    private static final long MIB = 1 << 20;

    @TempDir
    Path directory;

    @ParameterizedTest(name = "JDK {0}")
    @ValueSource(ints = {17, 25})
    void agentServesAgainAfterTheHeapWasFull(int jdk) throws InterruptedException {
        try (TestJvm jvm = new TestJvm.Start(jdk, directory)
                        .preloaded("heap=96Mi,giveway=off")
                        .up();
                AgentClient asks = jvm.client()) {
            jvm.tell("exhaust 8000");
            Thread.sleep(2_000);
            asks.send("HOLDFAST/1 status\n".getBytes(StandardCharsets.UTF_8));
            assertThat(jvm.answer()).isEqualTo("exhausted true");

            asks.reply(); // whatever it is
            asks.ask("status").ok();
            asks.ask("heap bytes=" + 128 * MIB).ok();
            assertThat(jvm.ask("status").number("heap.ceiling")).isEqualTo(128 * MIB);
            assertThat(jvm.app("agent-threads"))
                    .isEqualTo("holdfast-agent-operation,holdfast-agent-socket,holdfast-agent-watch");
        }
    }
}
