package io.holdfast.agent.app;

import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Scanner;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.LogManager;
import java.util.stream.Collectors;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.StandardMBean;

/** The application of the tests, in a JVM of its own: does what its standard input says, a line at a time. */
public final class App {
    /** What an array takes, header included. */
    private static final int HELD_BYTES = 64 << 10;

    private static final int LENGTH = HELD_BYTES - 16;
    private static final int SPARE = 64;

    private final List<byte[]> held = new ArrayList<>(1 << 16);
    private final List<byte[]> scattered = new ArrayList<>();
    private final List<ByteBuffer> buffers = new ArrayList<>();

    private App() {}

    /** Keeps to the name that it was given in a system property, like applications with a log manager of their own. */
    public static final class OwnLogManager extends LogManager {}

    /** Network memory, with the contract's attributes. */
    public interface Network {
        long getSizeBytes();

        long getTargetBytes();

        long getUsedBytes();

        long getFloorBytes();

        long getMinBytes();

        long getMaxBytes();

        long getDebtBytes();

        long resize(long bytes);
    }

    /** Drains a debt by a mebibyte each time it is asked. */
    private static final class Draining implements Network {
        private long size = 8 << 20;
        private long target = size;

        @Override
        public long getSizeBytes() {
            return size;
        }

        @Override
        public long getTargetBytes() {
            return target;
        }

        @Override
        public long getUsedBytes() {
            return 1 << 20;
        }

        @Override
        public long getFloorBytes() {
            return 2 << 20;
        }

        @Override
        public long getMinBytes() {
            return 2 << 20;
        }

        @Override
        public long getMaxBytes() {
            return 16 << 20;
        }

        @Override
        public long getDebtBytes() {
            if (size > target && target != 3 << 20) { // 3 MiB: never drained
                size -= 1 << 20;
            }
            return Math.max(0, size - target);
        }

        @Override
        public long resize(long bytes) {
            if (bytes < getFloorBytes() || bytes > getMaxBytes()) {
                throw new IllegalArgumentException("Ask for 2097152 to 16777216 bytes.");
            }
            target = bytes;
            size = Math.max(size, bytes);
            return target;
        }
    }

    public static void main(String[] arguments) throws Exception {
        App app = new App();
        System.out.println("up");
        Scanner input = new Scanner(System.in);
        while (input.hasNextLine()) {
            String[] words = input.nextLine().split(" ");
            System.out.println(app.done(words[0], words.length > 1 ? words[1] : ""));
        }
    }

    private String done(String command, String argument) throws Exception {
        return switch (command) {
            case "hold" -> hold(Long.parseLong(argument) << 20);
            case "fill" -> hold(Long.MAX_VALUE);
            case "drop" -> {
                held.clear();
                buffers.clear();
                System.gc();
                yield "dropped";
            }
            case "intact" -> intact();
            case "direct" -> direct(Integer.parseInt(argument) << 20);
            case "free" -> {
                buffers.subList(Integer.parseInt(argument), buffers.size()).clear();
                yield "freed";
            }
            case "churn" -> churn(Long.parseLong(argument));
            case "churn-on" -> churnOn();
            case "exhaust" -> exhaust(Long.parseLong(argument));
            case "holes" -> holes(Integer.parseInt(argument));
            case "agents" -> agents();
            case "agent-threads" -> agentThreads();
            case "heap-bean" -> bean("io.holdfast:type=Heap", argument);
            case "lend" -> lend(Long.parseLong(argument) << 20);
            case "log-manager" -> LogManager.getLogManager().getClass().getSimpleName();
            case "network" -> {
                ManagementFactory.getPlatformMBeanServer()
                        .registerMBean(
                                new StandardMBean(new Draining(), Network.class, true),
                                new ObjectName("io.holdfast:type=NetworkMemory,taskmanager=" + argument));
                yield "registered";
            }
            default -> "unknown";
        };
    }

    /** Holds that much more, or until there is no more. */
    private String hold(long bytes) {
        long done = 0;
        try {
            while (done < bytes) {
                byte[] next = new byte[LENGTH];
                next[held.size() % LENGTH] = (byte) held.size();
                held.add(next);
                done += HELD_BYTES;
            }
        } catch (OutOfMemoryError e) {
            int reached = held.size();
            for (int spare = 0; spare < SPARE && !held.isEmpty(); spare++) {
                held.remove(held.size() - 1); // for what tells of it; and this itself needs no memory
            }
            return "out of memory at " + (long) reached * HELD_BYTES;
        }
        return "holds " + (long) held.size() * HELD_BYTES;
    }

    /** Not a local variable: the compiler would keep it on the stack, and need memory when it leaves the loop. */
    private Object[] chain;

    /** Leaves the heap not even room for the smallest object, for so many milliseconds. */
    private String exhaust(long millis) {
        long end = System.nanoTime() + millis * 1_000_000;
        hold(Long.MAX_VALUE);
        int failures = 0;
        while (System.nanoTime() < end) {
            try {
                chain = new Object[] {chain};
            } catch (OutOfMemoryError e) {
                failures++;
            }
        }
        boolean reached = chain != null;
        chain = null;
        held.clear();
        return "exhausted " + (reached && failures > 0);
    }

    /** Holds so many arrays of more than half a region of 1 MiB, and the place of another between any two of them. */
    private String holes(int count) {
        byte[][] all = new byte[2 * count][];
        for (int index = 0; index < all.length; index++) {
            all[index] = new byte[600_000];
        }
        for (int index = 0; index < count; index++) {
            scattered.add(all[2 * index]);
        }
        return "holds " + scattered.size();
    }

    /** Returns how many implementations of the agent this JVM still has: each is loaded by a loader of its own. */
    private static String agents() throws JMException {
        String histogram = (String) ManagementFactory.getPlatformMBeanServer()
                .invoke(
                        new ObjectName("com.sun.management:type=DiagnosticCommand"),
                        "gcClassHistogram",
                        new Object[] {new String[0]},
                        new String[] {String[].class.getName()});
        return Long.toString(histogram
                .lines()
                .filter(line -> line.strip().endsWith(" io.holdfast.agent.stub.JarImage"))
                .mapToLong(line -> Long.parseLong(line.strip().split(" +")[1]))
                .sum());
    }

    private static String agentThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("holdfast-agent-"))
                .sorted()
                .collect(Collectors.joining(","));
    }

    private String intact() {
        for (int index = 0; index < held.size(); index++) {
            if (held.get(index)[index % LENGTH] != (byte) index) {
                return "damaged array " + index;
            }
        }
        for (int index = 0; index < buffers.size(); index++) {
            ByteBuffer buffer = buffers.get(index);
            if (buffer.get(0) != index + 1 || buffer.get(buffer.capacity() - 1) != index + 1) {
                return "damaged buffer " + index;
            }
        }
        return "intact " + held.size() + " " + buffers.size();
    }

    private String direct(int bytes) {
        try {
            ByteBuffer buffer = ByteBuffer.allocateDirect(bytes);
            buffers.add(buffer);
            for (int index = 0; index < bytes; index++) {
                buffer.put(index, (byte) buffers.size());
            }
            return "holds " + buffers.size();
        } catch (OutOfMemoryError e) {
            return "out of direct memory at " + buffers.size();
        }
    }

    /** Makes garbage for so many milliseconds; tells the longest stall. */
    private String churn(long millis) {
        long end = System.nanoTime() + millis * 1_000_000;
        long longest = 0;
        long last = System.nanoTime();
        byte[][] ring = new byte[64][];
        for (int index = 0; last < end; index++) {
            ring[index % ring.length] = new byte[LENGTH];
            long now = System.nanoTime();
            longest = Math.max(longest, now - last);
            last = now;
        }
        return "stalled " + longest / 1_000_000;
    }

    private String churnOn() {
        Thread thread = new Thread(() -> churn(Long.MAX_VALUE / 2_000_000));
        thread.setDaemon(true);
        thread.start();
        return "churning";
    }

    private static String lend(long bytes) throws Exception {
        ObjectName name = new ObjectName("io.holdfast:type=DirectMemory");
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        while (!server.isRegistered(name)) { // the agent registers it some time after the start
            LockSupport.parkNanos(1_000_000);
        }
        return String.valueOf(server.invoke(name, "lend", new Object[] {bytes}, new String[] {"long"}));
    }

    private static String bean(String name, String attribute) {
        try {
            return String.valueOf(
                    ManagementFactory.getPlatformMBeanServer().getAttribute(new ObjectName(name), attribute));
        } catch (JMException e) {
            return "none";
        }
    }
}
