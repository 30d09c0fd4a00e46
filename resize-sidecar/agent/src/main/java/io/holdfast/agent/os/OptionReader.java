package io.holdfast.agent.os;

/** Where the value of a JVM option is read. */
public interface OptionReader {
    /** Returns the value, as text; null if this JVM has no such option. */
    String value(String name);
}
