package io.holdfast.migration.state;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteRangeTest {

    @ParameterizedTest(name = "{0} of {1} bytes: {2}, {3}")
    @CsvSource({
        "bytes=0-9,     100, 0,   10",
        "bytes=10-10,   100, 10,  1",
        "bytes=90-200,  100, 90,  10",
        "bytes=50-,     100, 50,  50",
        "bytes=-30,     100, 70,  30",
        "bytes=-300,    100, 0,   100",
        "bytes=99-99,   100, 99,  1",
        "bytes=100-,    100, 100, 0",
        "bytes=100-120, 100, 100, 0",
        "bytes=-0,      100, 100, 0",
        "bytes=0-,      0,   0,   0"
    })
    void rangeIsWhatTheFileHasOfIt(String header, long size, long first, long length) {
        assertThat(ByteRange.parse(header, size)).contains(new ByteRange(first, length));
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(
            strings = {
                "",
                "bytes=-",
                "bytes=9-5",
                "bytes=0-1,5-6",
                "lines=0-1",
                "bytes=a-b",
                "bytes=0-99999999999999999999"
            })
    void whatIsNotOneRangeIsTheWholeFile(String header) {
        assertThat(ByteRange.parse(header, 100)).isEmpty();
    }

    @Test
    void rangeIsCutFromItsEnd() {
        assertThat(new ByteRange(5, 100).atMost(10)).isEqualTo(new ByteRange(5, 10));
        assertThat(new ByteRange(5, 10).of(50)).isEqualTo("bytes 5-14/50");
        assertThat(ByteRange.noneOf(50)).isEqualTo("bytes */50");
    }
}
