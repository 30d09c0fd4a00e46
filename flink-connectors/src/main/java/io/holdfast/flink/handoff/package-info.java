/**
 * State handoff: the local recovery state of a task that moves is fetched by the TaskManager where it will run, from the
 * migration sidecar of the one that it leaves, so that it is restored from local files. See {@code docs/explanation/moves.md}.
 */
package io.holdfast.flink.handoff;
