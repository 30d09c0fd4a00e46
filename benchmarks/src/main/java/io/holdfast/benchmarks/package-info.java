/**
 * The programs behind {@code ./holdfast chaos} and {@code ./holdfast bench}: they run one job on real clusters, break
 * it, and judge what came out against what Holdfast's ledger says, to the record.
 */
package io.holdfast.benchmarks;
