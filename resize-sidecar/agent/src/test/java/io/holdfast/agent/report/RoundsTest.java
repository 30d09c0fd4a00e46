package io.holdfast.agent.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class RoundsTest {
    private final ByteArrayOutputStream told = new ByteArrayOutputStream();

    @Test
    void goOnWhateverIsThrownAndTellItOnceInARow() {
        Iterator<Throwable> failures = List.of(
                        new OutOfMemoryError("one"),
                        new OutOfMemoryError("two"),
                        new StackOverflowError(),
                        new IOException())
                .iterator();
        Rounds rounds = new Rounds(() -> failed(failures), "Round failed", new AgentLog(told));

        rounds.run();

        assertThat(failures).isExhausted();
        assertThat(told.toString(StandardCharsets.UTF_8))
                .contains("WARN  holdfast-agent Round failed: cause=java.lang.OutOfMemoryError: one next=goes on")
                .hasLineCount(1);
    }

    private static boolean failed(Iterator<Throwable> failures) throws Exception {
        if (!failures.hasNext()) {
            return false;
        }
        Throwable next = failures.next();
        if (next instanceof Error error) {
            throw error;
        }
        throw (Exception) next;
    }
}
