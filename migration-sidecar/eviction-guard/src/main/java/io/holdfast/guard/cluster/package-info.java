/** The API server: pods and what is remembered at them, nodes, the Secret of the certificate, the webhook's registration. */
package io.holdfast.guard.cluster;
