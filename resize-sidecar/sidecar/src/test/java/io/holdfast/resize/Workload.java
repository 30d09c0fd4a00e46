package io.holdfast.resize;

import java.util.ArrayList;
import java.util.List;
import java.util.Scanner;

/**
 * An application under steady load, in a JVM of its own: each line of its standard input is the number of MiB that it shall
 * hold from then on, and it says how many times it has replaced a piece of what it holds.
 */
public final class Workload {
    private static final int PIECE = 64 << 10;
    private static final int GARBAGE_PER_PIECE = 20;

    private Workload() {}

    public static void main(String[] arguments) throws InterruptedException {
        List<byte[]> held = new ArrayList<>();
        Thread worker = new Thread(() -> work(held), "worker");
        worker.setDaemon(true);
        try (Scanner in = new Scanner(System.in)) {
            while (in.hasNextInt()) {
                int pieces = in.nextInt() * ((1 << 20) / PIECE);
                synchronized (held) {
                    while (held.size() > pieces) {
                        held.remove(held.size() - 1);
                    }
                    while (held.size() < pieces) {
                        held.add(new byte[PIECE]);
                    }
                }
                if (!worker.isAlive()) {
                    worker.start();
                }
            }
        }
    }

    private static void work(List<byte[]> held) {
        long rounds = 0;
        try {
            while (true) {
                for (int i = 0; i < GARBAGE_PER_PIECE; i++) {
                    synchronized (held) {
                        held.set((int) (rounds * GARBAGE_PER_PIECE + i) % held.size(), new byte[PIECE]);
                    }
                }
                rounds++;
                if (rounds % 20 == 0) {
                    System.out.println("rounds " + rounds);
                }
                Thread.sleep(10); // a steady load, about 125 MiB in a second
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (OutOfMemoryError e) {
            System.out.println("out of memory");
            Runtime.getRuntime().halt(1);
        }
    }
}
