/** The job that chaos and benchmarks run. It needs only the JDK and Flink, for it runs inside the clusters. */
package io.holdfast.benchmarks.job;
