package org.apache.flink.runtime.io.network.partition.consumer;

import static io.holdfast.flink.exchange.SequenceWord.UNKNOWN;
import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.exchange.SequenceWord;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.flink.runtime.io.network.partition.consumer.InputChannel.BufferAndAvailability;
import org.apache.flink.runtime.io.network.partition.consumer.RemoteReader.Incoming;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** That what comes over the network is read once and in order, or not at all. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class HoldfastRemoteLinkTest {

    /** More than there are different numbers in a sequence word. */
    private static final int MANY = 3 * 4096;

    @RegisterExtension
    final RemoteReader reader = new RemoteReader();

    // ------------------------------------------------------------------ in order

    @Test
    void buffersInOrderAreRead() throws Exception {
        Incoming incoming = reader.attach().greeting();

        List<Long> read = new ArrayList<>();
        List<Long> sent = new ArrayList<>();
        for (int n = 1; n <= MANY; n++) {
            incoming.record(SequenceWord.of(n, n % 3 == 0 ? UNKNOWN : 1), n);
            sent.add((long) n);
            read.add(reader.read());
        }

        assertThat(read).isEqualTo(sent);
        assertThat(incoming.isReleased()).isFalse();
    }

    @Test
    void emptyBuffersCount() throws Exception {
        Incoming incoming = reader.attach().greeting();

        incoming.record(SequenceWord.of(1, 1), 1).nothing(SequenceWord.of(2, UNKNOWN));
        incoming.nothing(SequenceWord.of(3, 0)).record(SequenceWord.of(4, 1), 4);

        assertThat(reader.read()).isEqualTo(1);
        assertThat(reader.read()).isEqualTo(4);
        assertThat(incoming.isReleased()).isFalse();
    }

    // ------------------------------------------------------------------ out of order

    /** The number of the last buffer in order, and what comes behind it. */
    static List<Arguments> disorders() {
        return List.of(
                Arguments.of("missing", 1, 3),
                Arguments.of("repeated", 1, 1),
                Arguments.of("missing where numbers begin anew", 4095, 4097),
                Arguments.of("repeated where numbers begin anew", 4096, 4096),
                Arguments.of("from before", 3, 2));
    }

    @ParameterizedTest(name = "{0}, with {1} before {2}")
    @MethodSource("disorders")
    void bufferOutOfOrderIsNotReadAndTheChannelAttachesAgain(String disorder, int last, int next) throws Exception {
        Incoming broken = reader.attach().greeting();
        for (int n = 1; n <= last; n++) {
            broken.record(SequenceWord.of(n, 1), n);
            assertThat(reader.read()).isEqualTo(n);
        }

        broken.record(SequenceWord.of(next, 1), -1);
        Incoming repaired = reader.attached();
        boolean released = broken.isReleased();
        repaired.greeting().record(SequenceWord.of(1, 1), 100);

        assertThat(released).isTrue();
        assertThat(reader.read()).isEqualTo(100);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void emptyBufferOutOfOrderBreaksTheLinkToo(int next) throws Exception {
        Incoming broken = reader.attach().greeting().record(SequenceWord.of(1, 1), 1);

        broken.nothing(SequenceWord.of(next, UNKNOWN));
        Incoming repaired = reader.attached();
        repaired.greeting().record(SequenceWord.of(1, 1), 100);

        assertThat(reader.read()).as("what came before").isEqualTo(1);
        assertThat(reader.read()).isEqualTo(100);
    }

    // ------------------------------------------------------------------ until the link is cut

    /** Numbers of buffers as they come, and of those that are read. */
    static List<Arguments> streams() {
        return List.of(
                Arguments.of(List.of(0, 1, 2), List.of(0L, 1L, 2L)),
                Arguments.of(List.of(1), List.of()),
                Arguments.of(List.of(0, 2), List.of(0L)),
                Arguments.of(List.of(0, 2, 3, 4), List.of(0L)),
                Arguments.of(List.of(0, 1, 1, 2), List.of(0L, 1L, 2L)),
                Arguments.of(List.of(0, 2, 2), List.of(0L)),
                Arguments.of(List.of(0, 1, 1, 3), List.of(0L, 1L)));
    }

    @ParameterizedTest
    @MethodSource("streams")
    void nothingIsReadThatSomethingIsMissingBefore(List<Integer> numbers, List<Long> expected) throws Exception {
        HoldfastLink link = reader.lonelyLink();
        Incoming incoming = reader.attached();
        List<Long> read = new ArrayList<>();

        for (int number : numbers) {
            incoming.record(SequenceWord.of(number, 1), number);
            Optional<BufferAndAvailability> next = link.poll();
            next.ifPresent(taken -> read.add(RemoteReader.numberIn(taken.buffer())));
        }

        assertThat(read).isEqualTo(expected);
        assertThat(link.failure() == null).as("in order").isEqualTo(numbers.size() == expected.size());
    }
}
