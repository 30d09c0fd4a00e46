/** The agent in the TaskManager's JVM, from outside: its socket, its words, and how it gets into a JVM that lacks it. */
package io.holdfast.resize.agent;
