/** The network memory of Flink, by the management bean that its owner registers. */
package io.holdfast.agent.network;
