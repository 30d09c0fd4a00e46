package io.holdfast.agent.network;

import io.holdfast.agent.report.AgentException;
import io.holdfast.agent.report.Deadline;
import io.holdfast.agent.report.ErrorCode;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.management.Attribute;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.RuntimeMBeanException;

/** Network memory that can be resized, if somebody in this JVM registered it: Holdfast's shuffle service does. */
public final class NetworkMemory {
    private static final String PATTERN = "io.holdfast:type=NetworkMemory,*";
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    /** Key of the protocol, attribute of the bean. */
    private static final Map<String, String> ATTRIBUTES = attributes();

    /** Returns sizes by key of the protocol, in bytes; none if nobody, or more than one, registered network memory. */
    public Map<String, Object> read() {
        try {
            Set<ObjectName> names = names();
            return names.size() == 1 ? read(names.iterator().next()) : Map.of();
        } catch (JMException | RuntimeException e) {
            return Map.of(); // it went away meanwhile
        }
    }

    /**
     * Sets the size, and reads it back.
     *
     * @param deadline until when to wait for what has to be drained first; null for not at all
     * @throws AgentException if there is none, it refuses, or it was not drained in time; then the old size is asked for
     */
    public Map<String, Object> resize(long bytes, Deadline deadline) {
        try {
            ObjectName name = only();
            long before = (Long) server().getAttribute(name, "TargetBytes");
            invoke(name, bytes);
            while (deadline != null && (Long) server().getAttribute(name, "DebtBytes") > 0) {
                if (deadline.passed()) {
                    Map<String, Object> now = read(name);
                    invoke(name, before);
                    throw new AgentException(
                            ErrorCode.TIMEOUT,
                            "Network memory still held %s bytes more than %d when time was up"
                                    .formatted(now.get("network.debt"), bytes),
                            "Its size is what it was before; ask again with a longer timeout-ms, or with wait=false");
                }
                LockSupport.parkNanos(LOOK_NANOS);
            }
            return read(name);
        } catch (JMException e) {
            throw new AgentException(
                    ErrorCode.FAILED, "Network memory cannot be driven: " + e, "Look at the log of Flink", e);
        }
    }

    private static void invoke(ObjectName name, long bytes) throws JMException {
        try {
            server().invoke(name, "resize", new Object[] {bytes}, new String[] {long.class.getName()});
        } catch (RuntimeMBeanException e) {
            if (e.getCause() instanceof IllegalArgumentException refusal) {
                throw new AgentException(
                        ErrorCode.INFEASIBLE,
                        "Network memory refused " + bytes + " bytes",
                        String.valueOf(refusal.getMessage()).replaceFirst("\\.$", ""),
                        refusal);
            }
            throw e;
        }
    }

    private static ObjectName only() throws JMException {
        Set<ObjectName> names = names();
        if (names.isEmpty()) {
            throw new AgentException(
                    ErrorCode.NO_NETWORK_MEMORY,
                    "Nobody in this JVM registered " + PATTERN,
                    "Turn on elastic network memory in Flink, or leave network memory out of resizes");
        }
        if (names.size() > 1) {
            throw new AgentException(
                    ErrorCode.AMBIGUOUS,
                    "More than one network memory is in this JVM: " + names,
                    "Run one TaskManager per JVM");
        }
        return names.iterator().next();
    }

    private static Map<String, Object> read(ObjectName name) throws JMException {
        Map<String, Object> values = new LinkedHashMap<>();
        String[] wanted = ATTRIBUTES.values().toArray(String[]::new);
        Map<String, Object> found = new LinkedHashMap<>();
        for (Attribute attribute : server().getAttributes(name, wanted).asList()) {
            found.put(attribute.getName(), attribute.getValue());
        }
        ATTRIBUTES.forEach((key, attribute) -> values.put(key, found.getOrDefault(attribute, -1L)));
        return values;
    }

    private static Set<ObjectName> names() throws JMException {
        return server().queryNames(new ObjectName(PATTERN), null);
    }

    private static MBeanServer server() {
        return ManagementFactory.getPlatformMBeanServer();
    }

    private static Map<String, String> attributes() {
        Map<String, String> attributes = new LinkedHashMap<>();
        attributes.put("network.size", "SizeBytes");
        attributes.put("network.target", "TargetBytes");
        attributes.put("network.used", "UsedBytes");
        attributes.put("network.floor", "FloorBytes");
        attributes.put("network.min", "MinBytes");
        attributes.put("network.max", "MaxBytes");
        attributes.put("network.debt", "DebtBytes");
        return attributes;
    }
}
