/**
 * What Holdfast promises about starts, tried with real processes: entry points, refusals, and the entry point of a
 * container.
 */
package io.holdfast.e2e;
