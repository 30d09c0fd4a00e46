package io.holdfast.agent.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class AgentLogTest {
    @Test
    void eventIsOneLineInAFixedForm() {
        ByteArrayOutputStream stream = new ByteArrayOutputStream();

        new AgentLog(stream).warn("Balloon gave way", "bytes", 32, "cause", "two\nlines");

        assertThat(stream.toString(StandardCharsets.UTF_8))
                .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z WARN  holdfast-agent"
                        + " Balloon gave way: bytes=32 cause=two lines\n");
    }

    @Test
    void whatRepeatsItselfIsToldOnceAMinute() {
        AtomicLong clock = new AtomicLong();
        LogGate gate = new LogGate(clock::get);

        assertThat(gate.opens("busy")).isTrue();
        assertThat(gate.opens("busy")).isFalse();
        assertThat(gate.opens("infeasible")).isTrue();
        clock.addAndGet(60_000_000_000L);
        assertThat(gate.opens("infeasible")).isTrue();
    }
}
