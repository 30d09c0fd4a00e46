package io.holdfast.flink.networkmemory;

import java.lang.management.ManagementFactory;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A higher limit of direct memory, lent by Holdfast's agent if it is in this JVM: after a resize of the container that
 * limit has followed network memory down. No class is shared with the agent. Stateless; any thread.
 */
public final class AgentLoan {

    private static final Logger LOG = LoggerFactory.getLogger(AgentLoan.class);

    private static final String NAME = "io.holdfast:type=DirectMemory";

    private AgentLoan() {}

    /** Returns whether the agent says that {@code bytes} more can be allocated now; false without an agent, too. */
    public static boolean ask(long bytes) {
        try {
            return Boolean.TRUE.equals(ManagementFactory.getPlatformMBeanServer()
                    .invoke(new ObjectName(NAME), "lend", new Object[] {bytes}, new String[] {"long"}));
        } catch (InstanceNotFoundException e) {
            LOG.debug("No agent to ask for a higher limit of direct memory");
        } catch (JMException | RuntimeException e) {
            LOG.warn("Agent was not asked for a higher limit of direct memory: bytes={}", bytes, e);
        }
        return false;
    }
}
