package io.holdfast.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.demo.DemoArguments.UsageException;
import java.util.List;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;

class DemoArgumentsTest {

    @Test
    void withoutArgumentsRunsInFullOnAFreePort() {
        assertThat(parse()).isEqualTo(new DemoArguments("2.2", false, false, 0, false));
    }

    @Test
    void takesEveryOption() {
        assertThat(parse("--quick", "--flink", "2.3", "--keep", "--port", "8081"))
                .isEqualTo(new DemoArguments("2.3", true, true, 8081, false));
        assertThat(parse("--help").help()).isTrue();
    }

    @Test
    void anUnknownOptionIsRefusedWithTheOneThatWasMeant() {
        refused("--qiuck").hasMessage("'--qiuck' is no option of the demo. Did you mean --quick?");
        refused("fast").hasMessage("'fast' is no option of the demo.");
    }

    @Test
    void anUnknownMinorIsRefused() {
        refused("--flink", "1.20").hasMessage("--flink is '1.20'. Choose 2.2 or 2.3.");
    }

    @Test
    void aMissingValueIsRefused() {
        refused("--flink").hasMessage("--flink needs a version: 2.2 or 2.3.");
        refused("--port", "--quick").hasMessage("--port needs a number.");
    }

    @Test
    void aPortOutOfRangeIsRefused() {
        refused("--port", "0").hasMessage("--port is '0'. Choose a number in 1..65535.");
        refused("--port", "web").hasMessage("--port is 'web'. Choose a number in 1..65535.");
    }

    private static DemoArguments parse(String... arguments) {
        return DemoArguments.parse(List.of(arguments));
    }

    private static AbstractThrowableAssert<?, ? extends Throwable> refused(String... arguments) {
        return assertThatThrownBy(() -> parse(arguments)).isInstanceOf(UsageException.class);
    }
}
