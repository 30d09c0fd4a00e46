package io.holdfast.resize.plan;

import java.time.Duration;
import java.util.OptionalLong;

/**
 * The settings that decisions are made by. Sizes are bytes.
 *
 * @param marginBytes how far usage must be below a smaller limit
 * @param hysteresisBytes changes smaller than this are none
 * @param floorBytes smallest limit; absent for the baseline
 * @param ceilingBytes largest limit that may be asked for
 */
public record Rules(
        long marginBytes,
        long hysteresisBytes,
        OptionalLong floorBytes,
        OptionalLong ceilingBytes,
        Duration shrinkTimeout,
        Duration readyTimeout,
        Duration confirmTimeout,
        Duration cooldown,
        Duration retry) {}
