package io.holdfast.migration.plan;

import java.util.List;
import java.util.Optional;

/**
 * What is decided.
 *
 * @param call to be made now; its result is given to a later turn
 * @param lookAgainNanos when to decide again, if nothing happens before
 */
public record Turn(Optional<Call> call, long lookAgainNanos, List<Report> reports) {}
