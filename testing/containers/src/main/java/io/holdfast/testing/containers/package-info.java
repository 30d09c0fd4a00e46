/** Real pods by podman and a real registry, with all they need in a directory of their own. */
package io.holdfast.testing.containers;
