package org.apache.flink.runtime.io.network.partition.consumer;

import java.util.ArrayDeque;
import org.apache.flink.runtime.checkpoint.channel.ChannelStateWriter;

/** Flink 2.3's {@link RemoteInputChannel} as {@link HoldfastRemoteLink} needs it built. Read at 2.3.0. */
abstract class HoldfastRemoteChannel extends RemoteInputChannel {

    /** Attaching thread. */
    HoldfastRemoteChannel(HoldfastInputGateFactory.RemoteParts parts) {
        super(
                parts.gate(),
                parts.index(),
                parts.partition(),
                parts.subpartitions(),
                parts.connection(),
                parts.connections(),
                0,
                0,
                parts.requestTimeoutMs(),
                parts.exclusiveBuffers(),
                parts.bytesIn(),
                parts.buffersIn(),
                ChannelStateWriter.NO_OP,
                new ArrayDeque<>());
    }
}
