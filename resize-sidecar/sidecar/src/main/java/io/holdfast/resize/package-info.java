/** The resize sidecar: makes a running TaskManager follow its container's memory limit, and shrinks it before the limit. */
package io.holdfast.resize;
