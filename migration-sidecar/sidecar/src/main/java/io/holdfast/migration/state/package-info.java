/** The TaskManager's local recovery state, served to those that get its tasks. */
package io.holdfast.migration.state;
