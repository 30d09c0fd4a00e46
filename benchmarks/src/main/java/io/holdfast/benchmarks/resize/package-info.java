/** What it takes to resize a TaskManager while it works: with Holdfast, with nothing, and with a garbage collection. */
package io.holdfast.benchmarks.resize;
