package io.holdfast.testing.containers;

/** How a program or a container ended, and what it said. */
public record Finished(int exitCode, String out, String err) {}
