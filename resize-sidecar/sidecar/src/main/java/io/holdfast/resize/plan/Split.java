package io.holdfast.resize.plan;

import java.util.Optional;

/**
 * The sizes that fit under a limit.
 *
 * @param sizes as near to it as can be; never below a floor
 * @param infeasible why these are more than the limit allows; absent if they fit
 */
public record Split(Sizes sizes, Optional<String> infeasible) {}
