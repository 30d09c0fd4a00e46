/**
 * The vocabulary of all Holdfast processes: how they fail, how they exit, which variables they read, how sizes and
 * durations are written in them, and how a misspelled name is corrected. Needs nothing but the JDK. Copied, under a package
 * of its own, into every jar that runs inside somebody else's JVM.
 */
package io.holdfast.base;
