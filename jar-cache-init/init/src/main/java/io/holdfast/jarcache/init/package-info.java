/**
 * The program of the init container: makes the jars of the bundle in its image present in a directory that it shares with
 * the Flink container, complete and verified. Every start of a pod waits for it.
 */
package io.holdfast.jarcache.init;
