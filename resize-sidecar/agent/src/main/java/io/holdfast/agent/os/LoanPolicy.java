package io.holdfast.agent.os;

import java.util.OptionalLong;

/** Decides by how much a limit is raised for somebody who must have more. Pure, all in bytes. */
public final class LoanPolicy {
    private LoanPolicy() {}

    /**
     * Returns by how much to raise the limit, which may be 0; empty if {@code bytes} would not fit under it all the same.
     *
     * @param largestBytes the largest limit that there was: what was never allowed is not lent
     * @param allowanceBytes what the cgroup and the machine can take
     */
    public static OptionalLong loan(
            long bytes, long limitBytes, long usedBytes, long largestBytes, long allowanceBytes) {
        long loan = Math.max(0, Math.min(Math.min(bytes, largestBytes - limitBytes), allowanceBytes));
        return bytes <= limitBytes + loan - usedBytes ? OptionalLong.of(loan) : OptionalLong.empty();
    }
}
