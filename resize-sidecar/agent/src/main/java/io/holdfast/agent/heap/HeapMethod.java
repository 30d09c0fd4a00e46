package io.holdfast.agent.heap;

import java.util.Locale;

/** How the ceiling of the heap is moved. The lower-case name with dashes is part of the protocol. */
public enum HeapMethod {
    /** Arrays without memory behind them take what is above the ceiling: a hard one. */
    BALLOON,
    /** Collections, and free regions that are given back: the heap may grow again. */
    SOFT,
    /** The collector's own {@code SoftMaxHeapSize}. */
    SOFT_MAX_HEAP_SIZE,
    /** Tencent Kona's ElasticMaxHeap. */
    ELASTIC_MAX_HEAP,
    /** Huawei BiSheng's DynamicMaxHeap. */
    DYNAMIC_MAX_HEAP,
    /** Alibaba Dragonwell's ElasticHeap. */
    ELASTIC_HEAP,
    /** OpenJ9's maximum heap, set by its management bean. */
    OPENJ9,
    /** Not at all. */
    NONE;

    /** Returns the method as it stands on the wire. */
    public String wire() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
