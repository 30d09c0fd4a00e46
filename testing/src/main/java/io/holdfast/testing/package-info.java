/**
 * What Holdfast's tests share: real Flink clusters of separate JVMs, a ledger that judges output to the record, waiting
 * without sleeping, and a check for leaked threads.
 */
package io.holdfast.testing;
