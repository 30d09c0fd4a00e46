/** What all parts of the agent say and fail with. */
package io.holdfast.agent.report;
