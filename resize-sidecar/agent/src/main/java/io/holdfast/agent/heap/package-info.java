/** The ceiling of the heap: ways to move it, and when it may be moved. */
package io.holdfast.agent.heap;
