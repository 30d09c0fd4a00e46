package io.holdfast.flink.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SequenceWordTest {

    @ParameterizedTest(name = "{1} records in buffer {0}")
    @CsvSource({
        "0, -1",
        "0, 0",
        "1, 1",
        "4095, 6553",
        "4096, -1",
        "2147483647, 3",
        "-2147483648, 3",
        "-1, 1048574",
    })
    void wordTellsOrderAndRecords(int sequenceNumber, int records) {
        int word = SequenceWord.of(sequenceNumber, records);

        assertThat(SequenceWord.records(word)).isEqualTo(records);
        assertThat(SequenceWord.is(word, sequenceNumber)).isTrue();
        assertThat(SequenceWord.is(word, sequenceNumber + 1)).isFalse();
        assertThat(SequenceWord.is(word, sequenceNumber - 1)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"1048575", "1048576", "2147483647"})
    void moreRecordsThanFitAreAsGoodAsUnknown(int records) {
        int word = SequenceWord.of(7, records);

        assertThat(SequenceWord.records(word)).isEqualTo(SequenceWord.UNKNOWN);
        assertThat(SequenceWord.is(word, 7)).isTrue();
    }
}
