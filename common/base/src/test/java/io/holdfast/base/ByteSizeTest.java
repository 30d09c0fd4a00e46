package io.holdfast.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteSizeTest {
    @ParameterizedTest(name = "{0} is {1} bytes")
    @CsvSource({
        "64Mi, 67108864",
        "1G, 1000000000",
        "1.5Gi, 1610612736",
        "0.5Ki, 512",
        "3k, 3000",
        "2Ti, 2199023255552",
        "1T, 1000000000000",
        "1Pi, 1125899906842624",
        "1Ei, 1152921504606846976",
        "9223372036854775807, 9223372036854775807",
        "128974848, 128974848",
        "0, 0",
        "' 64Mi ', 67108864",
        "000064Mi, 67108864",
    })
    void sizeIsReadAsInAPodSpecification(String text, long bytes) {
        assertThat(ByteSize.parse(text)).isEqualTo(new ByteSize(bytes));
    }

    @ParameterizedTest(name = "{0} is {1} bytes")
    @CsvSource({"1.1Ki, 1127", "0.1, 1", "1.0000000001G, 1000000001"})
    void fractionOfAByteIsRoundedUp(String text, long bytes) {
        assertThat(ByteSize.parse(text).bytes()).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "Mi", "-1Mi", "+1Mi", "1,5Gi", "64 Mi", ".5Gi", "5.Gi", "1e3", "0x10", "1Mi2Ki"})
    void whatIsNoSizeIsRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ByteSize.parse(text))
                .withMessageContaining("'" + text + "'")
                .withMessageContaining("64Mi");
    }

    @ParameterizedTest
    @ValueSource(strings = {"64MB", "64mb", "64m", "64mi", "64K", "64ki", "64GiB", "64B", "64i", "64MiMi", "64GT"})
    void unitThatPodSpecificationsDoNotHaveIsRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ByteSize.parse(text))
                .withMessage("'%s' has no unit of size; units are Ki Mi Gi Ti Pi Ei and k M G T P E, as in 64Mi"
                        .formatted(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"9223372036854775808", "8Ei", "10E", "99999999999999999999999999"})
    void moreBytesThanThereAreIsRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ByteSize.parse(text))
                .withMessage("'" + text + "' is more than 9223372036854775807 bytes");
    }

    @ParameterizedTest
    @CsvSource({"67108864, 64Mi", "1610612736, 1536Mi", "1000000000, 1000000000", "0, 0", "1024, 1Ki", "1025, 1025"})
    void textIsReadBackAsTheSameSize(long bytes, String text) {
        ByteSize size = new ByteSize(bytes);

        assertThat(size).hasToString(text);
        assertThat(ByteSize.parse(text)).isEqualTo(size);
    }

    @Test
    void sizesAreOrderedAndNeverNegative() {
        assertThat(ByteSize.parse("1G")).isLessThan(ByteSize.parse("1Gi"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ByteSize(-1))
                .withMessage("bytes must not be negative: -1");
    }
}
