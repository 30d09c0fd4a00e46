/**
 * The program behind {@code ./holdfast demo}: runs one job twice on real clusters, once with Holdfast and once on stock
 * Flink, breaks it in the same way at the same times, and judges both to the record.
 */
package io.holdfast.demo;
