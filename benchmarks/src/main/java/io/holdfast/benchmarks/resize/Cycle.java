package io.holdfast.benchmarks.resize;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A larger limit and back.
 *
 * @param growMillis from the larger limit until heap, direct memory and network buffers had their larger sizes
 * @param usageBytes of the container when the smaller limit was asked for
 * @param shrinkFromMillis when it was, epoch milliseconds
 * @param readyMillis until the sidecar called it safe, refused attempts included; absent if it never did
 * @param refusals of attempts before that one
 * @param usageAtReadyBytes of the container then, before the limit was touched
 * @param verified whether that was below the smaller limit
 * @param accepted whether the kernel took the smaller limit at once
 * @param problem what went wrong; empty if nothing
 */
record Cycle(
        int number,
        double growMillis,
        long usageBytes,
        long shrinkFromMillis,
        Optional<Double> readyMillis,
        int refusals,
        long usageAtReadyBytes,
        boolean verified,
        boolean accepted,
        String problem) {

    /** For the result, with what became of the output meanwhile. */
    Map<String, Object> raw(LoadedCluster.Output output) {
        Map<String, Object> raw = new LinkedHashMap<>();
        raw.put("cycle", number);
        raw.put("grow_ms", growMillis);
        raw.put("usage_before_shrink_mib", usageBytes >> 20);
        raw.put("shrink_ready_ms", readyMillis.orElse(null));
        raw.put("refused_attempts", refusals);
        raw.put("usage_at_ready_mib", usageAtReadyBytes >> 20);
        raw.put("verified_before_limit", verified);
        raw.put("limit_accepted", accepted);
        raw.put("throughput_ratio_during_shrink", output.ratio());
        raw.put("output_gap_during_shrink_ms", output.gapMillis());
        raw.put("problem", problem);
        return raw;
    }
}
