package io.holdfast.guard.decide;

import java.time.Instant;
import java.util.Optional;

/**
 * What is remembered of the evictions of a pod, in an annotation of the pod: any replica of the guard can go on with it.
 *
 * @param first when an eviction was asked for first
 * @param last when it was asked for last, a little less exactly
 * @param move id of the move that was asked for last
 * @param underWay whether that move was under way when somebody looked; then the pod has the descheduler's annotation too
 * @param cordoned whether the pod's node was seen cordoned meanwhile
 * @param awaySince since when the JobManager has not answered
 */
public record EvictionRecord(
        Instant first,
        Instant last,
        Optional<String> move,
        boolean underWay,
        boolean cordoned,
        Optional<Instant> awaySince) {

    static EvictionRecord begun(Instant now, boolean cordoned) {
        return new EvictionRecord(now, now, Optional.empty(), false, cordoned, Optional.empty());
    }

    EvictionRecord askedAgain(Instant now, boolean nowCordoned) {
        return new EvictionRecord(first, now, move, underWay, cordoned || nowCordoned, awaySince);
    }

    EvictionRecord moving(String id) {
        return new EvictionRecord(first, last, Optional.of(id), true, cordoned, Optional.empty());
    }

    EvictionRecord withoutMove() {
        return new EvictionRecord(first, last, Optional.empty(), false, cordoned, Optional.empty());
    }

    /** The move is over; its id stays, so that its end can be told. */
    EvictionRecord settled() {
        return new EvictionRecord(first, last, move, false, cordoned, awaySince);
    }

    EvictionRecord away(Instant now) {
        return new EvictionRecord(first, last, move, underWay, cordoned, Optional.of(awaySince.orElse(now)));
    }

    EvictionRecord withCordon() {
        return new EvictionRecord(first, last, move, underWay, true, awaySince);
    }
}
