package io.holdfast.migration.plan;

import java.util.OptionalLong;

/**
 * That the TaskManager has to leave. Two with one {@code id} are the same one, heard again.
 *
 * @param text what was heard, for people
 * @param goneNanos when pod or node may be gone, by the clock of {@link System#nanoTime()}; empty if nobody said
 * @param node whether all of its node leaves, and not this pod alone
 */
public record Notice(String id, Cause cause, String text, OptionalLong goneNanos, boolean node) {}
