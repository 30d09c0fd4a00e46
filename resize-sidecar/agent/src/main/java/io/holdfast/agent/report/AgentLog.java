package io.holdfast.agent.report;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * A few lines on the process's standard error, each {@code TIME LEVEL holdfast-agent Event in past tense: key=value ...}.
 * Not {@code java.util.logging}: the agent runs before the application chooses its logging. Not {@code System.err}: the
 * application may have replaced it, and would then run inside the agent.
 */
public final class AgentLog {
    private final OutputStream stream;

    public AgentLog() {
        this(new FileOutputStream(FileDescriptor.err));
    }

    AgentLog(OutputStream stream) {
        this.stream = stream;
    }

    /** What a person would tell another. */
    public void info(String event, Object... keysAndValues) {
        write("INFO ", event, keysAndValues);
    }

    /** Degraded, or given way. */
    public void warn(String event, Object... keysAndValues) {
        write("WARN ", event, keysAndValues);
    }

    /** Somebody must act. */
    public void error(String event, Object... keysAndValues) {
        write("ERROR", event, keysAndValues);
    }

    private void write(String level, String event, Object... keysAndValues) {
        try {
            stream.write(line(level, event, keysAndValues)); // one call: lines of several threads do not mix
        } catch (IOException | OutOfMemoryError e) {
            return; // nobody left to tell, or nothing to tell it with
        }
    }

    private static byte[] line(String level, String event, Object... keysAndValues) {
        StringBuilder line = new StringBuilder(160)
                .append(Instant.now().truncatedTo(ChronoUnit.MILLIS))
                .append(' ')
                .append(level)
                .append(" holdfast-agent ")
                .append(event);
        for (int index = 0; index + 1 < keysAndValues.length; index += 2) {
            line.append(index == 0 ? ": " : " ")
                    .append(keysAndValues[index])
                    .append('=')
                    .append(keysAndValues[index + 1]);
        }
        return (line.toString().replace('\n', ' ').replace('\r', ' ') + '\n').getBytes(StandardCharsets.UTF_8);
    }
}
