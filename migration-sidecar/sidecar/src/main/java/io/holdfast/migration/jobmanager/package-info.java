/** The JobManager, asked over REST: where it is, which of its TaskManagers is ours, and its moves. */
package io.holdfast.migration.jobmanager;
