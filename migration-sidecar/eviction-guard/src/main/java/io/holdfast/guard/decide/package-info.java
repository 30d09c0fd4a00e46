/** What evictions are told, and what is done when they stop. Touches nothing outside: no clock, no cluster, no JobManager. */
package io.holdfast.guard.decide;
