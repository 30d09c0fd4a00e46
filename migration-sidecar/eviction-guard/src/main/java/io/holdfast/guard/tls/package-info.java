/** The guard's certificate: made, renewed and served here, or read from files. Knows no Kubernetes. */
package io.holdfast.guard.tls;
