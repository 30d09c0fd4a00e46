/**
 * Parts of jobs that account for every record: a source that paces itself, and places where operators can be made to
 * fail. They need only the JDK and Flink, for they run inside the clusters: this module's jar is on their class path,
 * its libraries are not.
 */
package io.holdfast.testing.job;
