package io.holdfast.resize.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** An agent that only says that it is there, and with which options. */
public final class TinyAgent {
    private TinyAgent() {}

    public static void agentmain(String options) throws IOException {
        Files.writeString(Path.of(options), "loaded");
    }
}
