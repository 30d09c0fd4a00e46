/** The job that chaos and benchmarks run. It needs only the JDK, Flink and {@link io.holdfast.testing.job}, for it runs inside the clusters. */
package io.holdfast.benchmarks.job;
