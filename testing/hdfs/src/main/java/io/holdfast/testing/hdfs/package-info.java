/** A real HDFS for tests. Only {@link io.holdfast.testing.hdfs.HdfsServer}, in its own JVM, sees Hadoop. */
package io.holdfast.testing.hdfs;
