package io.holdfast.guard.decide;

import java.time.Instant;

/** Decides what becomes of evictions between their requests. */
public final class HousekeepingPolicy {
    private final EvictionPolicy evictions;

    public HousekeepingPolicy(EvictionPolicy evictions) {
        this.evictions = evictions;
    }

    /** Whether the JobManager has to be asked how far the move is, to know the chore. */
    public boolean asksForTheMove(PodState pod) {
        return pod.record().filter(EvictionRecord::underWay).isPresent() && pod.inProgress();
    }

    /**
     * @param pod which has a record
     * @param moveOver whether its move is known to have ended, or to be forgotten; of a record without one it does not matter
     */
    public Chore chore(PodState pod, NodeState node, boolean moveOver, Instant now) {
        EvictionRecord record = pod.record().orElseThrow();
        if (record.underWay() && !pod.inProgress()) {
            return Chore.WITHDRAW; // somebody took the annotation away: that is how an eviction is called off
        }
        if (record.underWay() && moveOver) {
            return Chore.SETTLE;
        }
        if (evictions.over(record, node, pod.background(), now)) {
            return record.underWay() ? Chore.WITHDRAW : afterTheMove(pod, record);
        }
        if (record.underWay() && pod.background() && evictions.forced(record, now)) {
            return Chore.SETTLE;
        }
        if (node == NodeState.CORDONED && !record.cordoned()) {
            return Chore.NOTE_CORDON;
        }
        return Chore.NOTHING;
    }

    /** The descheduler asks again when it comes by, which it does without a cordon: its silence says nothing. */
    private static Chore afterTheMove(PodState pod, EvictionRecord record) {
        boolean given = record.cordoned() || !pod.background();
        return given && record.move().isPresent() ? Chore.RELEASE : Chore.FORGET;
    }

    /** The record as it is after {@code chore}; of one that forgets it there is none. */
    public EvictionRecord after(Chore chore, EvictionRecord record) {
        return switch (chore) {
            case SETTLE -> record.settled();
            case NOTE_CORDON -> record.withCordon();
            case NOTHING, WITHDRAW, RELEASE, FORGET -> record;
        };
    }
}
