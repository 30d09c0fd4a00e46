package io.holdfast.guard.webhook;

/**
 * An eviction that an API server asks about.
 *
 * @param uid of the review, which the answer repeats
 * @param dryRun whether nothing may change
 * @param requester who asks for the eviction: what it calls itself, or else its user
 */
public record EvictionRequest(String uid, String namespace, String pod, boolean dryRun, String requester) {}
