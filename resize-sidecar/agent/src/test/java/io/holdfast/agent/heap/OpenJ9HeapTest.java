package io.holdfast.agent.heap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.agent.os.DiagnosticCommands;
import io.holdfast.agent.os.VmOptions;
import io.holdfast.agent.report.AgentException;
import io.holdfast.agent.report.Deadline;
import io.holdfast.agent.report.ErrorCode;
import java.lang.management.ManagementFactory;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.MBeanServerFactory;
import javax.management.ObjectName;
import javax.management.StandardMBean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Against a bean with the methods that OpenJ9 documents for its own; OpenJ9 was not run. */
class OpenJ9HeapTest {
    private static final long MIB = 1 << 20;
    private static final String VM = "Eclipse OpenJ9 VM";

    private final MBeanServer server = MBeanServerFactory.newMBeanServer();
    private final HeapUsage usage = new HeapUsage(new VmOptions(), new DiagnosticCommands());
    private final FakeMemory memory = new FakeMemory();

    /** Of {@code com.ibm.lang.management.MemoryMXBean}, what is used. */
    public interface Memory {
        boolean isSetMaxHeapSizeSupported();

        long getMaxHeapSize();

        void setMaxHeapSize(long bytes);

        long getMaxHeapSizeLimit();
    }

    private static final class FakeMemory implements Memory {
        private boolean supported = true;
        private boolean heedless;
        private long bytes = 512 * MIB;

        @Override
        public boolean isSetMaxHeapSizeSupported() {
            return supported;
        }

        @Override
        public long getMaxHeapSize() {
            return bytes;
        }

        @Override
        public void setMaxHeapSize(long wanted) {
            if (wanted > getMaxHeapSizeLimit()) {
                throw new IllegalArgumentException("above the limit");
            }
            bytes = heedless ? bytes : wanted;
        }

        @Override
        public long getMaxHeapSizeLimit() {
            return 1024 * MIB;
        }
    }

    @BeforeEach
    void register() throws JMException {
        server.registerMBean(
                new StandardMBean(memory, Memory.class, true), new ObjectName(ManagementFactory.MEMORY_MXBEAN_NAME));
    }

    @Test
    void ceilingIsMovedUpAndDownByTheBean() {
        HeapControl heap = OpenJ9Heap.find(VM, server, usage);
        assertThat(heap.method()).isEqualTo(HeapMethod.OPENJ9);
        assertThat(heap.maxBytes()).isEqualTo(1024 * MIB);
        assertThat(heap.ceilingBytes()).isEqualTo(512 * MIB);

        heap.setCeiling(800 * MIB, soon());
        assertThat(memory.bytes).isEqualTo(800 * MIB);
        heap.setCeiling(400 * MIB, soon());
        assertThat(heap.ceilingBytes()).isEqualTo(400 * MIB);
    }

    @Test
    void whatTheJvmRefusesOrDoesNotHeedIsAnError() {
        HeapControl heap = OpenJ9Heap.find(VM, server, usage);

        assertThatThrownBy(() -> heap.setCeiling(2048 * MIB, soon()))
                .isInstanceOfSatisfying(
                        AgentException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INFEASIBLE))
                .hasMessageContaining("above the limit");
        memory.heedless = true;
        assertThatThrownBy(() -> heap.setCeiling(256 * MIB, soon()))
                .isInstanceOfSatisfying(
                        AgentException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.FAILED));
    }

    @Test
    void otherJvmsAndOnesWithoutAMaximumToSetAreLeftToOthers() {
        assertThat(OpenJ9Heap.find("OpenJDK 64-Bit Server VM", server, usage)).isNull();
        memory.supported = false;
        assertThat(OpenJ9Heap.find(VM, server, usage)).isNull();
        assertThat(OpenJ9Heap.find(VM, MBeanServerFactory.newMBeanServer(), usage))
                .isNull();
    }

    private static Deadline soon() {
        return Deadline.in(1_000, System::nanoTime);
    }
}
