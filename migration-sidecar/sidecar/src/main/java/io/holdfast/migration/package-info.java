/** The migration sidecar: hears that its TaskManager has to leave, and has its tasks moved before it does. */
package io.holdfast.migration;
