package org.apache.flink.runtime.io.network.partition.consumer;

import java.util.ArrayDeque;
import org.apache.flink.runtime.checkpoint.channel.ChannelStateWriter;

/** Flink 2.3's {@link LocalInputChannel} as {@link HoldfastLocalLink} needs it built. Read at 2.3.0. */
abstract class HoldfastLocalChannel extends LocalInputChannel {

    /** Attaching thread. */
    HoldfastLocalChannel(HoldfastInputGateFactory.LocalParts parts) {
        super(
                parts.gate(),
                parts.index(),
                parts.partition(),
                parts.subpartitions(),
                parts.partitions(),
                parts.events(),
                0,
                0,
                parts.bytesIn(),
                parts.buffersIn(),
                ChannelStateWriter.NO_OP,
                new ArrayDeque<>());
    }
}
