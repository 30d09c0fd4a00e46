package io.holdfast.benchmarks;

/** Wrong arguments; the message says which and what to write instead. */
final class UsageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UsageException(String message) {
        super(message);
    }
}
