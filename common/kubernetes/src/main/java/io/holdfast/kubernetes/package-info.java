/** What Holdfast's programs share that talk to the API server: its client, and events on pods. */
package io.holdfast.kubernetes;
