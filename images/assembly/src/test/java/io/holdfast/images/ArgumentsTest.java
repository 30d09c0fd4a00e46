package io.holdfast.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArgumentsTest {

    @Test
    void valuesMayHoldEqualsSigns() {
        Arguments arguments = parse("--name=a=b", "--env=X=1", "--env=Y=2");

        assertThat(arguments.text("--name")).isEqualTo("a=b");
        assertThat(arguments.all("--env")).containsExactly("X=1", "Y=2");
        assertThat(arguments.all("--jvm")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "--name=a --nam=b,  '--nam=b' is not an argument of this program. Give --name=VALUE.",
        "--name=a b,        'b' is not an argument of this program. Give --name=VALUE.",
        "--name=a --name=b, --name is given twice. Give it once.",
        "--name=,           --name is missing. Give --name=VALUE.",
        "--env=A=1,         --name is missing. Give --name=VALUE.",
    })
    void whatCannotBeMeantIsRefused(String line, String message) {
        assertThatThrownBy(() -> parse(line.split(" "))).hasMessage(message.replace("''", "'"));
    }

    private static Arguments parse(String... line) {
        return Arguments.parse(line, List.of("--name"), List.of("--env", "--jvm"));
    }
}
