package io.holdfast.agent.stub;

/** Tells who attached that nothing was changed. Without a stack trace, for the JVM prints it into the application's log. */
final class AttachRefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    AttachRefusedException(String message) {
        super(message, null, false, false);
    }
}
