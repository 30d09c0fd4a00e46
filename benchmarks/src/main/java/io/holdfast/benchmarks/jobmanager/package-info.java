/**
 * What restarts cost the JobMaster of a large job: a real scheduler and slot pool, and TaskManagers that only answer.
 *
 * <p>Runs in a JVM of its own, on the class path of one Flink minor. Compiled against the oldest; what it touches is the
 * same in all, but for one method that {@link io.holdfast.benchmarks.jobmanager.SlotPools} looks up.
 */
package io.holdfast.benchmarks.jobmanager;
