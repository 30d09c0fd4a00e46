/** The agent's protocol and its unix socket. */
package io.holdfast.agent.control;
