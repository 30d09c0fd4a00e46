/**
 * The vocabulary of all Holdfast processes: how they fail, how they exit, and how they correct a misspelled name. Needs
 * nothing but the JDK. Copied, under a package of its own, into every jar that runs inside somebody else's JVM.
 */
package io.holdfast.base;
