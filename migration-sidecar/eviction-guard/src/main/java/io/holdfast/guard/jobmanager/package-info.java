/** JobManagers: where that of a pod is, and what it says about moving the pod's tasks away. */
package io.holdfast.guard.jobmanager;
