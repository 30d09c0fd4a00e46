package org.apache.flink.runtime.io.network.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.exchange.AttachedEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Whatever is written, read and left in whatever order, every reader is told exactly where it begins. Records carry
 * their number, so what a reader reads first says how many came before.
 */
class HoldfastSubpartitionPlacesTest {

    private static final int BUFFERS = 16;
    private static final int BUFFER_BYTES = 64;
    private static final int ROUNDS = 60;
    private static final int STEPS = 150;

    @RegisterExtension
    final Producers producers = new Producers(BUFFERS, BUFFER_BYTES);

    /** Watermark by the end of its place in the stream; the same for statuses. */
    private final TreeMap<Long, Long> watermarks = new TreeMap<>();

    private final TreeMap<Long, Boolean> idleness = new TreeMap<>();

    /** In small buffers nearly every record is split, in large ones only long ones are. */
    @ParameterizedTest(name = "seed {0}, buffers of {1} bytes")
    @CsvSource({"1, 64", "2, 64", "3, 64", "4, 64", "5, 512", "6, 512", "7, 512", "8, 512"})
    void everyReaderIsToldWhereItBegins(long seed, int bufferBytes) throws Exception {
        Random random = new Random(seed);
        int compared = 0;
        for (int round = 0; round < ROUNDS; round++) {
            compared += round(producers.attempt(0, bufferBytes), random, "seed %d round %d".formatted(seed, round));
        }
        assertThat(compared).isGreaterThan(ROUNDS);
    }

    private int round(ProducingTask producer, Random random, String where) throws Exception {
        watermarks.clear();
        idleness.clear();
        List<ReadingTask> readers = new ArrayList<>();
        ReadingTask reader = null;
        for (int step = 0; step < STEPS; step++) {
            write(producer, random, step);
            if (random.nextInt(3) == 0) {
                producer.flush();
            }
            if (reader == null && (random.nextInt(8) == 0 || step == 0)) {
                reader = new ReadingTask(producer);
                readers.add(reader);
            }
            if (reader != null) {
                readSome(producer, reader, random);
                if (random.nextInt(12) == 0) {
                    reader.leave();
                    reader = null;
                }
            }
        }
        producer.flush();
        if (reader != null) {
            reader.read();
        }
        return compare(readers, where);
    }

    private void write(ProducingTask producer, Random random, int step) throws Exception {
        int kind = random.nextInt(20);
        if (kind < 14) {
            producer.record(random.nextInt(4) == 0 ? random.nextInt(3 * BUFFER_BYTES) : random.nextInt(20));
        } else if (kind < 17) {
            producer.watermark(step);
            watermarks.put(producer.written().bytes(), (long) step);
        } else if (kind < 18) {
            producer.idle();
            idleness.put(producer.written().bytes(), true);
        } else {
            producer.barrier(step);
        }
    }

    private static void readSome(ProducingTask producer, ReadingTask reader, Random random) throws Exception {
        if (producer.buffersInUse() > BUFFERS / 2) { // or the writer would wait for a buffer
            producer.flush();
            reader.read();
        }
        for (int left = random.nextInt(4); left > 0; left--) {
            reader.readOne();
        }
    }

    private int compare(List<ReadingTask> readers, String where) {
        int compared = 0;
        for (ReadingTask reader : readers) {
            if (reader.events().isEmpty()) {
                continue; // it left before it was greeted
            }
            AttachedEvent greeting = reader.greeting();
            long begin = greeting.start().bytes();
            assertThat(greeting.watermark())
                    .as(where)
                    .isEqualTo(
                            watermarks.floorEntry(begin) == null
                                    ? Long.MIN_VALUE
                                    : watermarks.floorEntry(begin).getValue());
            assertThat(greeting.idle()).as(where).isEqualTo(idleness.floorEntry(begin) != null);
            if (!reader.records().isEmpty()) {
                assertThat(greeting.start().records())
                        .as(where)
                        .isEqualTo(reader.records().get(0));
                compared++;
            }
        }
        return compared;
    }
}
