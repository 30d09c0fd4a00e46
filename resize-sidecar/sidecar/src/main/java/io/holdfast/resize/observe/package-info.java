/** What is seen of the container: its memory controller, its process, its pod. Nothing here changes any of them. */
package io.holdfast.resize.observe;
