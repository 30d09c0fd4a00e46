/**
 * A bundle: jars that belong together, each with its digest and its place in a Flink installation. What an image says of
 * the bundle in it, and where a jar is fetched from.
 */
package io.holdfast.jarcache;
