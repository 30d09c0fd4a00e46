package io.holdfast.flink.move;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import javax.annotation.Nullable;
import org.apache.flink.runtime.clusterframework.types.AllocationID;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.clusterframework.types.ResourceProfile;
import org.apache.flink.runtime.clusterframework.types.SlotProfile;
import org.apache.flink.runtime.jobmaster.SlotInfo;
import org.apache.flink.runtime.jobmaster.SlotRequestId;
import org.apache.flink.runtime.jobmaster.slotpool.FreeSlotTracker;
import org.apache.flink.runtime.jobmaster.slotpool.PhysicalSlot;
import org.apache.flink.runtime.jobmaster.slotpool.PhysicalSlotProvider;
import org.apache.flink.runtime.jobmaster.slotpool.PhysicalSlotProviderImpl;
import org.apache.flink.runtime.jobmaster.slotpool.PhysicalSlotRequest;
import org.apache.flink.runtime.jobmaster.slotpool.SlotPool;
import org.apache.flink.runtime.jobmaster.slotpool.SlotSelectionStrategy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Slots of one job, with two things that Flink's provider does not know: slots can be reserved ahead, and no slot of a
 * TaskManager that is about to go is given to a task.
 *
 * <p>A slot of such a TaskManager that is free, becomes free, or comes from the ResourceManager is <em>parked</em>: the job
 * keeps it, with nothing in it. So neither the pool nor the ResourceManager can hand it out again, whatever blocklist the
 * cluster has or has not. Flink's own blocklist is by node.
 *
 * <p>Flink class beside it: {@link PhysicalSlotProviderImpl}, read at 2.2.1 and 2.3.0. JobMaster main thread only.
 */
public final class MoveSlots implements PhysicalSlotProvider {

    private static final Logger LOG = LoggerFactory.getLogger(MoveSlots.class);

    private static final Exception GIVEN_BACK = new Exception("The slot is not needed any more");

    /**
     * A slot that the job has and no task uses.
     *
     * @param instead the slot whose tasks it is for
     */
    public record Reserved(SlotRequestId request, PhysicalSlot slot, AllocationID instead) {}

    private final SlotPool pool;
    private final PhysicalSlotProvider stock;
    private final boolean fineGrained;
    private final Leaving leaving;

    /** What tasks have. */
    private final Map<SlotRequestId, PhysicalSlot> given = new HashMap<>();

    /** Under which request the pool knows a slot that was reserved before a task asked for it. */
    private final Map<SlotRequestId, SlotRequestId> reservedAs = new HashMap<>();

    private final List<Reserved> offered = new ArrayList<>();
    private final Map<SlotRequestId, ResourceID> parked = new LinkedHashMap<>();

    /**
     * JobMaster creation thread.
     *
     * @param selection Flink's way to choose among free slots
     * @param fineGrained whether the job says what its slots must have; else any slot will do, and it must be asked for so,
     *     or the pool counts wrong
     */
    public MoveSlots(SlotPool pool, SlotSelectionStrategy selection, boolean fineGrained, Leaving leaving) {
        this.pool = pool;
        this.fineGrained = fineGrained;
        this.leaving = leaving;
        this.stock = new PhysicalSlotProviderImpl(
                (free, profile) -> selection.selectBestSlotForProfile(without(free), profile), pool);
    }

    private FreeSlotTracker without(FreeSlotTracker free) {
        Set<AllocationID> going = free.getAvailableSlots().stream()
                .filter(id -> isLeaving(free.getSlotInfo(id)))
                .collect(Collectors.toSet());
        return going.isEmpty() ? free : free.createNewFreeSlotTrackerWithoutBlockedSlots(going);
    }

    private boolean isLeaving(SlotInfo slot) {
        return leaving.contains(slot.getTaskManagerLocation().getResourceID());
    }

    // ------------------------------------------------------------------ what Flink's allocator asks for

    @Override
    public Map<SlotRequestId, CompletableFuture<PhysicalSlotRequest.Result>> allocatePhysicalSlots(
            Collection<PhysicalSlotRequest> requests) {
        parkFree();
        Map<SlotRequestId, CompletableFuture<PhysicalSlotRequest.Result>> results = new HashMap<>();
        List<PhysicalSlotRequest> others = new ArrayList<>();
        for (PhysicalSlotRequest request : requests) {
            Reserved reserved = takeOffered(request.getSlotProfile());
            if (reserved == null) {
                others.add(request);
            } else {
                SlotRequestId id = request.getSlotRequestId();
                reservedAs.put(id, reserved.request);
                given.put(id, reserved.slot);
                results.put(id, CompletableFuture.completedFuture(new PhysicalSlotRequest.Result(id, reserved.slot)));
            }
        }
        stock.allocatePhysicalSlots(others).forEach((id, result) -> {
            ResourceProfile profile = profileOf(others, id);
            results.put(id, result.thenCompose(slot -> staying(id, id, slot.getPhysicalSlot(), profile)));
        });
        return results;
    }

    private static ResourceProfile profileOf(List<PhysicalSlotRequest> requests, SlotRequestId id) {
        return requests.stream()
                .filter(request -> request.getSlotRequestId().equals(id))
                .findFirst()
                .orElseThrow()
                .getPhysicalSlotResourceProfile();
    }

    /** {@code slot} came for {@code own} in answer to what is asked for as {@code id}; another one if it is no use. */
    private CompletableFuture<PhysicalSlotRequest.Result> staying(
            SlotRequestId id, SlotRequestId own, PhysicalSlot slot, ResourceProfile profile) {
        if (!isLeaving(slot)) {
            given.put(id, slot);
            return CompletableFuture.completedFuture(new PhysicalSlotRequest.Result(id, slot));
        }
        park(own, slot); // so that it does not come again
        PhysicalSlotRequest again = SlotRequests.of(profile);
        reservedAs.put(id, again.getSlotRequestId());
        return pool.requestNewAllocatedSlot(again, null)
                .thenCompose(other -> staying(id, again.getSlotRequestId(), other, profile));
    }

    @Nullable
    private Reserved takeOffered(SlotProfile wanted) {
        List<Reserved> useless =
                offered.stream().filter(reserved -> !isUsable(reserved)).toList();
        offered.removeAll(useless);
        useless.forEach(reserved -> pool.releaseSlot(reserved.request, GIVEN_BACK));
        Optional<Reserved> best = offered.stream()
                .filter(reserved ->
                        reserved.slot.getResourceProfile().isMatching(wanted.getPhysicalSlotResourceProfile()))
                .max(Comparator.comparing(reserved ->
                        wanted.getPreferredAllocations().contains(reserved.instead))); // where its tasks were
        best.ifPresent(offered::remove);
        return best.orElse(null);
    }

    /** Whether the job still has it, on a TaskManager that stays. */
    private boolean isUsable(Reserved reserved) {
        return !isLeaving(reserved.slot)
                && pool.getAllocatedSlotsInformation().stream()
                        .anyMatch(slot -> slot.getAllocationId().equals(reserved.slot.getAllocationId()));
    }

    @Override
    public void cancelSlotRequest(SlotRequestId id, Throwable cause) {
        PhysicalSlot slot = given.remove(id);
        SlotRequestId request = reservedAs.getOrDefault(id, id);
        reservedAs.remove(id);
        if (slot != null && isLeaving(slot)) {
            park(request, slot);
        } else {
            stock.cancelSlotRequest(request, cause);
        }
    }

    @Override
    public void disableBatchSlotRequestTimeoutCheck() {
        stock.disableBatchSlotRequestTimeoutCheck();
    }

    // ------------------------------------------------------------------ reserving

    /**
     * Gets slots for later use: what is free in the pool first, as the ResourceManager gives nothing while there is, then
     * new ones.
     *
     * @param profiles of what is needed, by the slots that are to be replaced
     * @param timeout after which the future fails; what came is given back then
     */
    public Reservation reserve(Map<AllocationID, ResourceProfile> profiles, Duration timeout) {
        parkFree();
        Reservation reservation = new Reservation(profiles.size(), timeout);
        profiles.forEach(reservation::add);
        return reservation;
    }

    /** Slots on their way. */
    public final class Reservation {

        private final Duration timeout;
        private final int wanted;
        private final List<Reserved> slots = new ArrayList<>();
        private final CompletableFuture<List<Reserved>> all = new CompletableFuture<>();
        private final List<SlotRequestId> pending = new ArrayList<>();

        private Reservation(int wanted, Duration timeout) {
            this.wanted = wanted;
            this.timeout = timeout;
        }

        /** Completed on the main thread. */
        public CompletableFuture<List<Reserved>> all() {
            return all;
        }

        private void add(AllocationID instead, ResourceProfile profile) {
            PhysicalSlotRequest request = SlotRequests.of(profile);
            SlotRequestId id = request.getSlotRequestId();
            for (PhysicalSlot free : pool.getFreeSlotTracker().getFreeSlotsInformation()) {
                if (!isLeaving(free) && free.getResourceProfile().isMatching(profile)) {
                    pool.allocateAvailableSlot(free.getAllocationId(), request)
                            .ifPresent(slot -> has(new Reserved(id, slot, instead)));
                    return;
                }
            }
            pending.add(id);
            pool.requestNewAllocatedSlot(request, timeout).whenComplete((slot, failure) -> {
                pending.remove(id);
                if (failure != null) {
                    all.completeExceptionally(failure);
                    giveBack();
                } else if (all.isDone()) {
                    pool.releaseSlot(id, GIVEN_BACK);
                } else if (isLeaving(slot)) {
                    park(id, slot); // so that it does not come again
                    add(instead, profile);
                } else {
                    has(new Reserved(id, slot, instead));
                }
            });
        }

        private void has(Reserved reserved) {
            slots.add(reserved);
            if (slots.size() == wanted) {
                all.complete(List.copyOf(slots));
            }
        }

        /** Whether it has come, holds, and is of {@code count} slots. */
        public boolean suffices(int count) {
            return all.isDone() && slots.size() == count && holds();
        }

        /** Whether all slots are still the job's, and their TaskManagers stay. */
        public boolean holds() {
            return slots.stream().allMatch(MoveSlots.this::isUsable);
        }

        /** They go to the tasks that ask next. */
        public void offer() {
            offered.addAll(slots);
            slots.clear();
            pending.clear();
        }

        /** They are not needed. */
        public void giveBack() {
            if (!all.isDone()) {
                all.cancel(false);
            }
            List.copyOf(pending).forEach(id -> pool.releaseSlot(id, GIVEN_BACK));
            List<Reserved> mine = List.copyOf(slots);
            slots.clear();
            mine.forEach(reserved -> pool.releaseSlot(reserved.request, GIVEN_BACK));
        }
    }

    /** Gives back what was offered and nobody took. */
    public void withdrawOffers() {
        List<Reserved> left = List.copyOf(offered);
        offered.clear();
        left.forEach(reserved -> pool.releaseSlot(reserved.request, GIVEN_BACK));
    }

    // ------------------------------------------------------------------ parking

    /** Takes the free slots of TaskManagers that go out of the pool. */
    private void parkFree() {
        unparkStaying();
        for (PhysicalSlot free : pool.getFreeSlotTracker().getFreeSlotsInformation()) {
            if (isLeaving(free)) {
                PhysicalSlotRequest request =
                        SlotRequests.of(fineGrained ? free.getResourceProfile() : ResourceProfile.UNKNOWN);
                pool.allocateAvailableSlot(free.getAllocationId(), request)
                        .ifPresent(slot -> park(request.getSlotRequestId(), slot));
            }
        }
    }

    private void park(SlotRequestId request, PhysicalSlot slot) {
        ResourceID taskManager = slot.getTaskManagerLocation().getResourceID();
        LOG.debug("Slot of a TaskManager that goes is kept empty: taskManager={}", taskManager);
        parked.put(request, taskManager);
    }

    /** Gives back what was parked on TaskManagers that stay after all, or are believed to. */
    public void unparkStaying() {
        List<SlotRequestId> staying = parked.entrySet().stream()
                .filter(slot -> !leaving.contains(slot.getValue()))
                .map(Map.Entry::getKey)
                .toList();
        staying.forEach(parked::remove);
        staying.forEach(slot -> pool.releaseSlot(slot, GIVEN_BACK)); // which may go to who waits at once
    }

    /** Slots that are kept empty, for tests and logs. */
    public int parkedCount() {
        return parked.size();
    }
}
