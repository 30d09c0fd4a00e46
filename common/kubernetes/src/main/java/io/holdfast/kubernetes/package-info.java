/** What programs in a pod know and tell through the API server: which pod they are, that pod and its node, events on it. */
package io.holdfast.kubernetes;
