/** What {@code ./holdfast bench jar-cache} measures: how long a pod waits for its jars. */
package io.holdfast.benchmarks.jarcache;
