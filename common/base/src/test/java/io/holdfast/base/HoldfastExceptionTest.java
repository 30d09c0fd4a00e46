package io.holdfast.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class HoldfastExceptionTest {
    @Test
    void messageIsProblemThenRemedyEachASentence() {
        HoldfastException failure = new HoldfastException(
                Disposition.FATAL, "Port 8081 is taken by another process", "Set rest.port to a free one");

        assertThat(failure).hasMessage("Port 8081 is taken by another process. Set rest.port to a free one.");
        assertThat(failure.disposition()).isEqualTo(Disposition.FATAL);
        assertThat(failure).hasNoCause();
    }

    @Test
    void sentencesThatEndAlreadyGetNoSecondFullStop() {
        HoldfastException failure =
                new HoldfastException(Disposition.DEGRADED, "No such option: x. ", "Did you mean y?");

        assertThat(failure).hasMessage("No such option: x. Did you mean y?");
    }

    @Test
    void partsAndCauseAreKept() {
        IOException cause = new IOException("disk full");

        HoldfastException failure =
                new HoldfastException(Disposition.RETRYABLE, "Could not write a.jar", "Check free space", cause);

        assertThat(failure).hasCause(cause);
        assertThat(failure.problem()).isEqualTo("Could not write a.jar");
        assertThat(failure.remedy()).isEqualTo("Check free space");
    }

    @Test
    void failureWithoutRemedyCannotBeMade() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new HoldfastException(Disposition.FATAL, "Something is wrong", " "))
                .withMessage("remedy must not be blank");
        assertThatNullPointerException()
                .isThrownBy(() -> new HoldfastException(null, "Something is wrong", "Repair it"))
                .withMessage("disposition");
    }
}
