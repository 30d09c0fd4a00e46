package io.holdfast.guard.decide;

import java.util.Optional;

/**
 * What of a pod concerns its eviction.
 *
 * @param guarded whether it asks for protection
 * @param running whether it can have tasks: it has started, and neither ended nor is being deleted
 * @param background whether the descheduler is told to leave the eviction of this pod to others, and then does not ask again
 * @param inProgress whether the descheduler is told that its eviction is in progress
 */
public record PodState(
        String name,
        boolean guarded,
        boolean running,
        boolean background,
        boolean inProgress,
        Optional<EvictionRecord> record) {}
