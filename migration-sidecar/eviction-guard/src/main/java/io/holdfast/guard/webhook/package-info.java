/** Admission reviews over HTTPS. */
package io.holdfast.guard.webhook;
