package io.holdfast.agent.stub;

import java.lang.instrument.Instrumentation;
import java.net.URISyntaxException;
import java.nio.file.Path;

/**
 * Where a JVM enters the agent. It is loaded once, by the system class loader, and stays for the life of the JVM; what
 * does the work is loaded apart, so that a newer one can follow.
 */
public final class AgentMain {
    private static final int BAD_CONFIGURATION = 78;

    private static Implementations implementations;

    private AgentMain() {}

    /** Called before {@code main}. What cannot be used ends the JVM with exit code 78, and a line that says why. */
    public static void premain(String options, Instrumentation instrumentation) {
        try {
            start(options, instrumentation, true);
        } catch (RuntimeException | LinkageError | URISyntaxException e) {
            System.err.println("holdfast-agent: " + e.getMessage());
            Runtime.getRuntime().halt(BAD_CONFIGURATION);
        }
    }

    /**
     * Called in a JVM that runs, for each attachment: the first starts the agent, the next replaces it if their jar is a
     * newer one.
     *
     * @throws AttachRefusedException if it is not; the JVM is left as it was
     */
    public static void agentmain(String options, Instrumentation instrumentation) {
        try {
            start(options, instrumentation, false);
        } catch (RuntimeException | LinkageError | URISyntaxException e) {
            System.err.println("holdfast-agent: Attachment refused: " + e.getMessage());
            throw new AttachRefusedException(String.valueOf(e.getMessage()));
        }
    }

    private static synchronized void start(String options, Instrumentation instrumentation, boolean preloaded)
            throws URISyntaxException {
        Path own = Path.of(AgentMain.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        if (implementations == null) {
            Implementations starting = new Implementations(instrumentation);
            starting.start(own, options == null ? "" : options, preloaded);
            implementations = starting;
        } else {
            implementations.attached(own);
        }
    }
}
