/**
 * Decisions: how a limit is split, which steps lead there, and what happens next. Pure: no clock, no I/O, no Kubernetes
 * types.
 */
package io.holdfast.resize.plan;
