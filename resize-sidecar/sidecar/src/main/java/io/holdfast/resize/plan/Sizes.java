package io.holdfast.resize.plan;

import java.util.ArrayList;
import java.util.List;

/**
 * What of a JVM can be resized.
 *
 * @param heapBytes ceiling of the heap
 * @param directBytes limit of direct memory, network memory included
 * @param networkBytes Flink's network buffers; 0 where they cannot be resized
 */
public record Sizes(long heapBytes, long directBytes, long networkBytes) {

    /** Whether any of these is larger than in {@code other} by {@code bytes} or more. */
    boolean exceeds(Sizes other, long bytes) {
        long most = Math.max(
                heapBytes - other.heapBytes,
                Math.max(directBytes - other.directBytes, networkBytes - other.networkBytes));
        return most > 0 && most >= bytes;
    }

    /** The order in which a JVM grows: room for direct memory before the buffers that need it. */
    List<Step> growth(Sizes target) {
        List<Step> steps = new ArrayList<>();
        if (target.heapBytes < heapBytes) {
            steps.add(new Step.Heap(target.heapBytes)); // it gives to the buffers
        }
        if (target.directBytes > directBytes) {
            steps.add(new Step.Direct(target.directBytes));
        }
        if (target.heapBytes > heapBytes) {
            steps.add(new Step.Heap(target.heapBytes));
        }
        if (target.networkBytes > networkBytes) {
            steps.add(new Step.Network(target.networkBytes));
        }
        return steps;
    }

    /** The order in which it shrinks: buffers are given back before the limit that they count against. */
    List<Step> shrinkage(Sizes target) {
        List<Step> steps = new ArrayList<>();
        if (target.networkBytes < networkBytes) {
            steps.add(new Step.Network(target.networkBytes));
        }
        if (target.directBytes < directBytes) {
            steps.add(new Step.Direct(target.directBytes));
        }
        if (target.heapBytes < heapBytes) {
            steps.add(new Step.Heap(target.heapBytes));
        }
        return steps;
    }

    /** Back to these sizes from whatever a broken-off shrink has left; each is set, for what is set now may not be known. */
    List<Step> restoration(boolean withNetwork) {
        List<Step> steps = new ArrayList<>(List.of(new Step.Direct(directBytes), new Step.Heap(heapBytes)));
        if (withNetwork) {
            steps.add(new Step.Network(networkBytes));
        }
        return steps;
    }
}
