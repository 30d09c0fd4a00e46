package io.holdfast.agent.os;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Optional;
import javax.management.JMException;
import javax.management.MBeanOperationInfo;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/** What {@code jcmd} offers, called inside the JVM. Names are those of the operations: {@code GC.run} is {@code gcRun}. */
public final class DiagnosticCommands {
    private static final String NAME = "com.sun.management:type=DiagnosticCommand";

    /** Returns whether this JVM knows the command. */
    public boolean has(String operation) {
        try {
            return Arrays.stream(server().getMBeanInfo(new ObjectName(NAME)).getOperations())
                    .map(MBeanOperationInfo::getName)
                    .anyMatch(operation::equals);
        } catch (JMException e) {
            return false;
        }
    }

    /** Runs a command and returns what it printed; empty if this JVM does not know it or it failed. */
    public Optional<String> run(String operation, String... arguments) {
        boolean takesArguments = arguments.length > 0 || operation.equals("gcClassHistogram");
        try {
            Object answer = server().invoke(
                            new ObjectName(NAME),
                            operation,
                            takesArguments ? new Object[] {arguments} : new Object[0],
                            takesArguments ? new String[] {String[].class.getName()} : new String[0]);
            return Optional.of(String.valueOf(answer));
        } catch (JMException | RuntimeException e) {
            return Optional.empty();
        }
    }

    private static MBeanServer server() { // not before it is needed: it starts much of the JVM's management
        return ManagementFactory.getPlatformMBeanServer();
    }
}
