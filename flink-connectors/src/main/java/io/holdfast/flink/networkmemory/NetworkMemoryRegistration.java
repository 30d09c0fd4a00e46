package io.holdfast.flink.networkmemory;

import java.lang.management.ManagementFactory;
import javax.management.InstanceAlreadyExistsException;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The MBean through which Holdfast's agent, or a person with a JMX console, changes the size of the network memory. It
 * is there from creation to {@link #close()}.
 */
public final class NetworkMemoryRegistration implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(NetworkMemoryRegistration.class);

    private final ObjectName name;
    private boolean registered;

    /** TaskManager start-up thread. Without the MBean the memory keeps its size, and the TaskManager runs. */
    public NetworkMemoryRegistration(String taskManager, NetworkMemoryMXBean memory) {
        name = name(taskManager);
        try {
            ManagementFactory.getPlatformMBeanServer().registerMBean(memory, name);
            registered = true;
        } catch (InstanceAlreadyExistsException e) {
            LOG.warn(
                    "Network memory cannot be resized, for another TaskManager of that name runs in this JVM: name={}",
                    name);
        } catch (JMException e) {
            LOG.warn("Network memory cannot be resized, for its MBean was refused: name={}", name, e);
        }
    }

    static ObjectName name(String taskManager) {
        return parse("io.holdfast:type=NetworkMemory,taskmanager=" + ObjectName.quote(taskManager));
    }

    /** Any thread. Pattern of the names of all TaskManagers' MBeans. */
    public static ObjectName all() {
        return parse("io.holdfast:type=NetworkMemory,*");
    }

    private static ObjectName parse(String name) {
        try {
            return new ObjectName(name);
        } catch (JMException e) {
            throw new IllegalArgumentException("No name for an MBean: " + name, e);
        }
    }

    /** TaskManager's closing thread. */
    @Override
    public void close() {
        if (registered) {
            registered = false;
            try {
                ManagementFactory.getPlatformMBeanServer().unregisterMBean(name);
            } catch (InstanceNotFoundException e) {
                LOG.debug("Somebody else has removed the MBean: name={}", name);
            } catch (JMException e) {
                LOG.warn("MBean was not removed: name={}", name, e);
            }
        }
    }
}
