/** What is to be done about notices. Pure: no clock, no I/O, no Kubernetes types. */
package io.holdfast.migration.plan;
