package io.holdfast.migration;

import io.holdfast.migration.client.MoveView;
import io.holdfast.migration.plan.Notice;
import io.holdfast.migration.plan.Phase;
import java.util.List;
import java.util.Optional;

/**
 * What the loop has seen and decided last.
 *
 * @param leftNanos until the deadline; empty if there is none that can be met
 * @param trouble what hindered the move last; blank if nothing did
 */
record Snapshot(Phase phase, List<Notice> notices, Optional<MoveView> move, Optional<Long> leftNanos, String trouble) {}
