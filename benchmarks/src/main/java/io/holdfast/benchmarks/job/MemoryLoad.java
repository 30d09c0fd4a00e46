package io.holdfast.benchmarks.job;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;

/**
 * Hands on what it gets, and needs memory for it: objects that live on the heap and are replaced by and by, garbage, and
 * buffers outside of the heap. How much lives is asked of {@link RunDirectory#wish} while it runs, so that a
 * program can have the need grow and fall. It looks at what it holds as it goes, and fails if that is not what it
 * wrote.
 *
 * <p>It does so only in JVMs with the system property {@value #PROPERTY}: the others have the rest of the job.
 */
final class MemoryLoad extends RichMapFunction<Counted, Counted> {

    /** {@code true} in the JVM whose memory is to be used. */
    static final String PROPERTY = "holdfast.bench.memory-load";

    private static final long serialVersionUID = 1L;

    private static final int OBJECT_BYTES = 16 << 10;
    private static final int OBJECTS_PER_MIB = (1 << 20) / OBJECT_BYTES;
    /** What the heap may gain with one record while it has too little. */
    private static final int GROWTH_OBJECTS = 64;

    private static final int BUFFER_BYTES = 1 << 20;
    /** From one replaced buffer to the next: the memory of a lost one comes back with a collection, and not before. */
    private static final int RECORDS_PER_BUFFER = 5_000;

    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final String directory;
    private final int garbageKibibytes;
    private final int directMebibytes;

    private transient RunDirectory run;
    private transient boolean active;
    private transient List<byte[]> objects;
    private transient List<ByteBuffer> buffers;
    private transient byte[] garbage; // else the compiler leaves it out
    private transient int subtask;
    private transient int wantedObjects;
    private transient String wish;
    private transient boolean reported;
    private transient long lastLookNanos;
    private transient long records;

    /**
     * @param garbageKibibytes that are allocated and dropped with each record
     * @param directMebibytes of buffers that each subtask holds
     */
    MemoryLoad(String directory, int garbageKibibytes, int directMebibytes) {
        this.directory = directory;
        this.garbageKibibytes = garbageKibibytes;
        this.directMebibytes = directMebibytes;
    }

    @Override
    public void open(OpenContext context) throws IOException {
        run = new RunDirectory(Path.of(directory));
        active = Boolean.getBoolean(PROPERTY);
        subtask = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
        wish = "";
        objects = new ArrayList<>();
        buffers = new ArrayList<>();
        for (int i = 0; active && i < directMebibytes; i++) {
            buffers.add(buffer(i));
        }
        look();
    }

    @Override
    public Counted map(Counted record) throws IOException {
        if (active) {
            work();
        }
        return record;
    }

    private void work() throws IOException {
        records++;
        if (System.nanoTime() - lastLookNanos > LOOK_NANOS) {
            look();
        }
        while (objects.size() > wantedObjects) {
            objects.remove(objects.size() - 1);
        }
        for (int i = 0; i < GROWTH_OBJECTS && objects.size() < wantedObjects; i++) {
            objects.add(object(objects.size()));
        }
        if (objects.size() == wantedObjects && !reported) {
            run.reportHeld(subtask, wish);
            reported = true;
        }
        if (!objects.isEmpty()) {
            int at = (int) (records * 31 % objects.size());
            check(objects.get(at)[OBJECT_BYTES - 1] == (byte) at, "object");
            objects.set(at, object(at));
        }
        for (int i = 0; i < garbageKibibytes; i += OBJECT_BYTES >> 10) {
            garbage = new byte[OBJECT_BYTES];
        }
        if (!buffers.isEmpty()) {
            int at = (int) (records % buffers.size());
            check(buffers.get(at).getInt(BUFFER_BYTES - Integer.BYTES) == at, "buffer");
            if (records % RECORDS_PER_BUFFER == 0) {
                buffers.set(at, buffer(at));
            }
        }
    }

    private void look() throws IOException {
        String now = run.wish();
        if (active && !now.equals(wish)) {
            wish = now;
            wantedObjects = RunDirectory.mebibytes(wish) * OBJECTS_PER_MIB;
            reported = false;
        }
        lastLookNanos = System.nanoTime();
    }

    private static void check(boolean intact, String what) {
        if (!intact) {
            throw new IllegalStateException("An " + what + " is not what was written to it.");
        }
    }

    private static byte[] object(int number) {
        byte[] object = new byte[OBJECT_BYTES];
        object[OBJECT_BYTES - 1] = (byte) number;
        return object;
    }

    private static ByteBuffer buffer(int number) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
        for (int at = 0; at < BUFFER_BYTES; at += Integer.BYTES) {
            buffer.putInt(at, number); // every page
        }
        return buffer;
    }
}
