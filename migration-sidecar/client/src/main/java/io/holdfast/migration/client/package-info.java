/** Moves of TaskManagers' tasks, asked for at a JobManager over REST. */
package io.holdfast.migration.client;
