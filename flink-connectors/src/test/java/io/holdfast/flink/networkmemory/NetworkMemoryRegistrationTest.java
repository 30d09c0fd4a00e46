package io.holdfast.flink.networkmemory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import javax.management.Attribute;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.RuntimeMBeanException;
import org.apache.flink.runtime.io.network.buffer.HoldfastNetworkBufferPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The MBean as one without our classes sees it. */
class NetworkMemoryRegistrationTest {

    private static final MBeanServer MBEANS = ManagementFactory.getPlatformMBeanServer();
    private static final String TASK_MANAGER = "10.0.0.1:6122-\"a\",b";

    private final HoldfastNetworkBufferPool memory = new HoldfastNetworkBufferPool(
            new NetworkMemorySettings(1 << 10, 4 << 10, 16, 4, 32), Duration.ofSeconds(1));

    @AfterEach
    void free() {
        memory.destroy();
    }

    @Test
    void showsAndChangesTheSizeUntilItIsClosed() throws Exception {
        ObjectName name = NetworkMemoryRegistration.name(TASK_MANAGER);
        try (NetworkMemoryRegistration registration = new NetworkMemoryRegistration(TASK_MANAGER, memory)) {
            assertThat(MBEANS.queryNames(NetworkMemoryRegistration.all(), null)).contains(name);
            assertThat(MBEANS.getMBeanInfo(name).getAttributes())
                    .extracting(MBeanAttributeInfo::getName)
                    .containsExactlyInAnyOrder(
                            "SegmentBytes",
                            "SizeBytes",
                            "TargetBytes",
                            "UsedBytes",
                            "FloorBytes",
                            "MinBytes",
                            "MaxBytes",
                            "DebtBytes",
                            "GrownBack");

            assertThat(resize(name, 20 << 10)).isEqualTo(20L << 10);
            assertThat(MBEANS.getAttributes(
                                    name,
                                    new String[] {"SegmentBytes", "SizeBytes", "MinBytes", "MaxBytes", "UsedBytes"})
                            .asList())
                    .containsExactly(
                            new Attribute("SegmentBytes", 1 << 10),
                            new Attribute("SizeBytes", 20L << 10),
                            new Attribute("MinBytes", 4L << 10),
                            new Attribute("MaxBytes", 32L << 10),
                            new Attribute("UsedBytes", 0L));
            assertThatExceptionOfType(RuntimeMBeanException.class)
                    .isThrownBy(() -> resize(name, 1))
                    .havingCause()
                    .isInstanceOf(IllegalArgumentException.class)
                    .withMessageContaining("holdfast.network-memory.min");
        }

        assertThat(MBEANS.isRegistered(name)).isFalse();
    }

    @Test
    void secondOfANameLeavesTheFirstAlone() {
        ObjectName name = NetworkMemoryRegistration.name(TASK_MANAGER);
        try (NetworkMemoryRegistration first = new NetworkMemoryRegistration(TASK_MANAGER, memory)) {
            new NetworkMemoryRegistration(TASK_MANAGER, memory).close();

            assertThat(MBEANS.isRegistered(name)).isTrue();
        }
    }

    private static Object resize(ObjectName name, long bytes) throws Exception {
        return MBEANS.invoke(name, "resize", new Object[] {bytes}, new String[] {"long"});
    }
}
