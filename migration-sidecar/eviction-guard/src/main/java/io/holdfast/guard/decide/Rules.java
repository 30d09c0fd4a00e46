package io.holdfast.guard.decide;

import java.time.Duration;

/**
 * The bounds of the guard's patience.
 *
 * @param forceAfter how long after its first request an eviction is allowed whatever happens
 * @param withdrawAfter how long an eviction may stay silent before it counts as given up
 * @param awayBudget how long a JobManager may be away before evictions are allowed
 * @param retryAfter when those that ask are told to ask again
 */
public record Rules(Duration forceAfter, Duration withdrawAfter, Duration awayBudget, Duration retryAfter) {}
