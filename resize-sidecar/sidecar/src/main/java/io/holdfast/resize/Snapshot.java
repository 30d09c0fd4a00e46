package io.holdfast.resize;

import io.holdfast.resize.plan.Operation;
import io.holdfast.resize.plan.Phase;
import io.holdfast.resize.plan.Step;
import io.holdfast.resize.plan.World;
import java.util.Optional;

/**
 * What the loop has seen and decided last.
 *
 * @param reason why a resize is taken back; blank if it is not
 * @param cgroup where the limit is seen; empty if the agent tells it
 * @param noApi why limits cannot be set in the pod; empty if they can
 */
record Snapshot(
        World world,
        Phase phase,
        Optional<Operation> operation,
        Optional<Step> step,
        String reason,
        Optional<String> cgroup,
        Optional<String> noApi) {}
