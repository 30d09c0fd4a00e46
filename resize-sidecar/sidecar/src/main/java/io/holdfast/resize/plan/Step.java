package io.holdfast.resize.plan;

import java.util.Collection;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** One thing to do outside, and to wait for. At most one is under way. */
public sealed interface Step {

    /** The same steps, heap before all else: where memory is short already, it has most, and waits for nobody. */
    static List<Step> heapFirst(Collection<Step> steps) {
        return Stream.concat(
                        steps.stream().filter(Heap.class::isInstance),
                        steps.stream().filter(step -> !(step instanceof Heap)))
                .toList();
    }

    /** Sets the network memory, and waits until what is owed has been given back. */
    record Network(long bytes) implements Step {}

    /** Sets the limit of direct memory. */
    record Direct(long bytes) implements Step {}

    /** Sets the ceiling of the heap. */
    record Heap(long bytes) implements Step {}

    /** Collects garbage outside the heap and returns native memory. */
    record Trim() implements Step {}

    /** Finds out how much of the heap is live, by a full collection. */
    record Live() implements Step {}

    /** Waits until usage, page cache included, is at most this; has page cache reclaimed where that is possible. */
    record Verify(long bytes) implements Step {}

    /** Asks the API server whether it would accept this limit and this request; changes nothing. */
    record Check(long bytes, OptionalLong requestBytes) implements Step {}

    /** Sets the limit in the pod, and the request. Without one, it is left to whoever reads the pod at that time. */
    record Patch(long bytes, OptionalLong requestBytes) implements Step {}
}
