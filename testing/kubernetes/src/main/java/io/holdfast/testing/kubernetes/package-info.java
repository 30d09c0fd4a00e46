/** For tests of what talks to Kubernetes: an API server that does what a real one does, of the little that is needed. */
package io.holdfast.testing.kubernetes;
