package io.holdfast.flink.move;

import java.util.List;
import java.util.Set;
import org.apache.flink.runtime.clusterframework.types.ResourceProfile;
import org.apache.flink.runtime.clusterframework.types.SlotProfile;
import org.apache.flink.runtime.jobmaster.SlotRequestId;
import org.apache.flink.runtime.jobmaster.slotpool.PhysicalSlotRequest;
import org.apache.flink.runtime.scheduler.loading.DefaultLoadingWeight;

/** Slot requests as Flink 2.2 has them. Any thread. */
final class SlotRequests {

    private SlotRequests() {}

    /** For a slot that may be anywhere, and is kept for as long as the job likes. */
    static PhysicalSlotRequest of(ResourceProfile profile) {
        return new PhysicalSlotRequest(
                new SlotRequestId(),
                SlotProfile.priorAllocation(profile, profile, List.of(), List.of(), Set.of()),
                DefaultLoadingWeight.EMPTY,
                true);
    }
}
