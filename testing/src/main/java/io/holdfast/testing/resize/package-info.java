/** TaskManagers whose memory can be resized, the sidecar that does it, and what both say of themselves. */
package io.holdfast.testing.resize;
