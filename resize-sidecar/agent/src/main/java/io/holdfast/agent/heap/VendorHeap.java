package io.holdfast.agent.heap;

import io.holdfast.agent.os.DiagnosticCommands;
import io.holdfast.agent.report.AgentException;
import io.holdfast.agent.report.Deadline;
import io.holdfast.agent.report.ErrorCode;
import java.util.Map;
import java.util.OptionalLong;

/** The heap of a JVM whose vendor taught it to move its maximum: the JVM judges what is feasible, and does it. */
final class VendorHeap implements HeapControl {
    private static final String CEILING = "vendor.ceiling";
    private static final long GRANULE = 1L << 20;

    private final VendorDialect dialect;
    private final long maxBytes;
    private final HeapUsage usage;
    private final DiagnosticCommands commands;
    private volatile long ceilingBytes;

    VendorHeap(
            VendorDialect dialect,
            long maxBytes,
            HeapUsage usage,
            DiagnosticCommands commands,
            Map<String, Object> state) {
        this.dialect = dialect;
        this.maxBytes = maxBytes;
        this.usage = usage;
        this.commands = commands;
        this.ceilingBytes = (Long) state.getOrDefault(
                CEILING, Math.min(maxBytes, Runtime.getRuntime().maxMemory()));
    }

    @Override
    public HeapMethod method() {
        return dialect.method();
    }

    @Override
    public boolean hard() {
        return dialect.hard();
    }

    @Override
    public long maxBytes() {
        return maxBytes;
    }

    @Override
    public long ceilingBytes() {
        return ceilingBytes;
    }

    @Override
    public long floorBytes() {
        return FeasibilityPolicy.floor(usage.liveAtMost(0), GRANULE);
    }

    @Override
    public void tend() {
        usage.observe(0, 0);
    }

    @Override
    public Map<String, Object> handOver() {
        return Map.of(CEILING, ceilingBytes);
    }

    @Override
    public void setCeiling(long bytes, Deadline deadline) {
        long asked = bytes / GRANULE * GRANULE;
        if (asked < ceilingBytes) {
            usage.collect(() -> 0);
        }
        if (bytes > maxBytes || asked < floorBytes()) {
            throw new AgentException(
                    ErrorCode.INFEASIBLE,
                    "A ceiling of %d bytes is not between the floor of %d and the %d that this JVM reserved"
                            .formatted(bytes, floorBytes(), maxBytes),
                    "Ask for one between them");
        }
        long maximumBefore = Runtime.getRuntime().maxMemory();
        String answer = commands.run(dialect.operation(), dialect.argument(asked, maxBytes))
                .orElse("no answer");
        OptionalLong confirmed = dialect.confirmed(answer, asked, maxBytes);
        if (confirmed.isEmpty()) {
            throw new AgentException(
                    ErrorCode.INFEASIBLE,
                    "The JVM refused a ceiling of " + asked + " bytes: " + answer.strip(),
                    "Ask for a higher one, or look at the JVM's own log");
        }
        long now = Runtime.getRuntime().maxMemory();
        if (now != maximumBefore && now > asked + GRANULE) { // some of these JVMs tell it so, others keep to the first
            throw new AgentException(
                    ErrorCode.FAILED,
                    "The maximum heap reads " + now + " after it was set to " + asked + ", which was answered: "
                            + answer.strip(),
                    "Look at the JVM's own log");
        }
        ceilingBytes = confirmed.getAsLong();
    }
}
