package io.holdfast.migration.notice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TaintRuleTest {
    @ParameterizedTest(name = "{0} on {1}={2}:{3}")
    @CsvSource({
        "a/b, a/b, '', NoSchedule, true",
        "a/b, a/b, x, NoExecute, true",
        "a/b, a/bc, '', NoSchedule, false",
        "a=x, a, x, NoSchedule, true",
        "a=x, a, y, NoSchedule, false",
        "a=, a, y, NoSchedule, false",
        "a:NoExecute, a, '', NoExecute, true",
        "a:NoExecute, a, '', NoSchedule, false",
        "a=x:NoExecute, a, x, NoExecute, true"
    })
    void whatIsLeftOutMayBeAnything(String rule, String key, String value, String effect, boolean matches) {
        assertThat(TaintRule.parse(rule).matches(key, value, effect)).isEqualTo(matches);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "=x", "a:Never", "a=x:"})
    void whatIsNoneIsRefused(String text) {
        assertThatThrownBy(() -> TaintRule.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("write one like karpenter.sh/disrupted");
    }

    @Test
    void spacesAroundItDoNotMatter() {
        assertThat(TaintRule.parse(" a=x ").key()).isEqualTo("a");
    }
}
