package io.holdfast.jarcache.init;

/** A jar is not there, or is not what the bundle says. The message says what it is instead; another source may do. */
final class UnusableJar extends Exception {
    private static final long serialVersionUID = 1L;

    UnusableJar(String message) {
        super(message);
    }
}
