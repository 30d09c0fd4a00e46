/** What the system class loader holds of the agent: it starts an implementation from a jar and replaces it by a newer one. Kept small and stable, for a JVM that runs never gets another. */
package io.holdfast.agent.stub;
