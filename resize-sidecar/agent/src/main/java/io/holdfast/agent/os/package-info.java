/** What the agent reads from the operating system and from the JVM, and the few things it sets there. */
package io.holdfast.agent.os;
