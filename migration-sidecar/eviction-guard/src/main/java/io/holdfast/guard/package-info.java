/** Holds the eviction of a TaskManager's pod until its tasks have left. */
package io.holdfast.guard;
