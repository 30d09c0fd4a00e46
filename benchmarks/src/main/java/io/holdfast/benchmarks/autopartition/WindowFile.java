package io.holdfast.benchmarks.autopartition;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The window that is open, in a mapped file: the program opens and closes windows, its job's tasks look at every record
 * whether one is open, which costs them a read of memory. Between two windows it must stay closed for longer than a task
 * takes to read one.
 */
public final class WindowFile {

    private static final VarHandle LONGS = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final int FIELDS = 6;
    private static final long NONE = 0;

    private final MappedByteBuffer file;

    private WindowFile(MappedByteBuffer file) {
        this.file = file;
    }

    /** The file of this name, which need not exist; no window is open in a new one. */
    public static WindowFile at(Path path) throws IOException {
        try (FileChannel channel =
                FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return new WindowFile(channel.map(FileChannel.MapMode.READ_WRITE, 0, (long) FIELDS * Long.BYTES));
        }
    }

    public void open(Window window) {
        set(1, window.originNanos());
        set(2, window.measureFromNanos());
        set(3, window.measureUntilNanos());
        set(4, Double.doubleToLongBits(window.recordsPerSecond()));
        set(5, window.seed());
        LONGS.setVolatile(file, 0, window.number());
    }

    public void close() {
        LONGS.setVolatile(file, 0, NONE);
    }

    /** The open window, which is {@code known} if that is still open; null if none is. */
    Window current(Window known) {
        long number = (long) LONGS.getVolatile(file, 0);
        if (number == NONE) {
            return null;
        }
        if (known != null && known.number() == number) {
            return known;
        }
        return new Window(number, get(1), get(2), get(3), Double.longBitsToDouble(get(4)), get(5));
    }

    private void set(int field, long value) {
        LONGS.setVolatile(file, field * Long.BYTES, value);
    }

    private long get(int field) {
        return (long) LONGS.getVolatile(file, field * Long.BYTES);
    }
}
