package io.holdfast.guard.decide;

import java.util.Optional;

/**
 * An answer, and what is to be remembered with it.
 *
 * @param record absent if nothing has to be
 */
public record Verdict(Answer answer, Optional<EvictionRecord> record) {}
