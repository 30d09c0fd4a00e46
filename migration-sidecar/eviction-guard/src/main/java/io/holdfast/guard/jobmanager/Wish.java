package io.holdfast.guard.jobmanager;

import java.time.Duration;
import java.util.Optional;

/**
 * That the tasks of a pod leave it.
 *
 * @param reason for people
 * @param timeout how long the move may take
 * @param wholeNode whether nothing may be moved to others on the pod's node
 * @param lastMove the move that was asked for before
 */
public record Wish(Tenant tenant, String reason, Duration timeout, boolean wholeNode, Optional<String> lastMove) {}
