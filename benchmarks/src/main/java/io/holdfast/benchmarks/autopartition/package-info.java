/**
 * The job that measures which receiver records go to: producers, and receivers that each take their time. It needs only
 * the JDK, Flink, HdrHistogram and {@link io.holdfast.testing.job}, for it runs inside the clusters.
 */
package io.holdfast.benchmarks.autopartition;
