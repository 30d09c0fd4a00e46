/** A Java agent that moves the heap ceiling and the direct memory limit of the JVM it runs in. */
package io.holdfast.agent;
