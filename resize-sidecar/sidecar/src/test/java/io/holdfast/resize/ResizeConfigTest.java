package io.holdfast.resize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.holdfast.base.ByteSize;
import io.holdfast.base.Variables;
import io.holdfast.quarkus.DurationConverter;
import io.holdfast.quarkus.ListenAddress;
import io.holdfast.quarkus.LogConfig.LogFormat;
import io.holdfast.quarkus.LogConfig.LogLevel;
import io.holdfast.resize.plan.NetworkPolicy;
import io.holdfast.resize.plan.Rules;
import io.holdfast.testing.quarkus.Setting;
import io.holdfast.testing.quarkus.TestConfigs;
import io.holdfast.testing.quarkus.VariablesPage;
import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.WithConverter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResizeConfigTest {
    @Test
    void noVariablesGiveTheDocumentedDefaults() {
        ResizeConfig config = load(Map.of());

        assertThat(config.agent().socket()).isEqualTo(Path.of("/holdfast/run/agent.sock"));
        assertThat(config.agent().jar()).isEqualTo(Path.of("/holdfast/agent/holdfast-agent.jar"));
        assertThat(config.attach()).isEqualTo(ResizeConfig.Attach.OFF);
        assertThat(config.cgroup()).isEmpty();
        assertThat(config.baseline()).isEmpty();
        assertThat(config.heapFloor()).isEmpty();
        assertThat(config.network()).isEqualTo(NetworkPolicy.WHEN_SHORT);
        assertThat(config.kubernetes()).isEqualTo(ResizeConfig.Kubernetes.AUTO);
        assertThat(config.pod()).isEmpty();
        assertThat(config.namespace()).isEmpty();
        assertThat(config.container()).isEqualTo("flink-main-container");
        assertThat(config.listen()).isEqualTo("127.0.0.1:9610");
        assertThat(config.tokenFile()).isEmpty();
        assertThat(config.terminationMessageFile()).isEqualTo(Path.of("/dev/termination-log"));
        assertThat(config.log().level()).isEqualTo(LogLevel.INFO);
        assertThat(config.log().format()).isEqualTo(LogFormat.PLAIN);
        assertThat(ResizeSettings.of(config).poll()).isEqualTo(Duration.ofSeconds(1));
        assertThat(ResizeSettings.of(config).rules())
                .isEqualTo(new Rules(
                        64L << 20,
                        32L << 20,
                        OptionalLong.empty(),
                        OptionalLong.empty(),
                        Duration.ofMinutes(1),
                        Duration.ofMinutes(2),
                        Duration.ofMinutes(2),
                        Duration.ofSeconds(10),
                        Duration.ofMinutes(5)));
    }

    @Test
    void everyVariableReachesItsSetting() {
        Map<String, String> variables = Map.ofEntries(
                Map.entry("HOLDFAST_RESIZE_AGENT_SOCKET", "/s"),
                Map.entry("HOLDFAST_RESIZE_AGENT_JAR", "/j"),
                Map.entry("HOLDFAST_RESIZE_ATTACH", "auto"),
                Map.entry("HOLDFAST_RESIZE_CGROUP", "/c"),
                Map.entry("HOLDFAST_RESIZE_POLL", "2s"),
                Map.entry("HOLDFAST_RESIZE_BASELINE", "2Gi"),
                Map.entry("HOLDFAST_RESIZE_FLOOR", "1Gi"),
                Map.entry("HOLDFAST_RESIZE_CEILING", "8Gi"),
                Map.entry("HOLDFAST_RESIZE_HEAP_FLOOR", "512Mi"),
                Map.entry("HOLDFAST_RESIZE_NETWORK", "never"),
                Map.entry("HOLDFAST_RESIZE_HYSTERESIS", "1Mi"),
                Map.entry("HOLDFAST_RESIZE_COOLDOWN", "0s"),
                Map.entry("HOLDFAST_RESIZE_SHRINK_MARGIN", "1Mi"),
                Map.entry("HOLDFAST_RESIZE_SHRINK_TIMEOUT", "3s"),
                Map.entry("HOLDFAST_RESIZE_READY_TIMEOUT", "4s"),
                Map.entry("HOLDFAST_RESIZE_CONFIRM_TIMEOUT", "5s"),
                Map.entry("HOLDFAST_RESIZE_RETRY", "6s"),
                Map.entry("HOLDFAST_RESIZE_KUBERNETES", "off"),
                Map.entry("HOLDFAST_RESIZE_POD", "p"),
                Map.entry("HOLDFAST_RESIZE_NAMESPACE", "n"),
                Map.entry("HOLDFAST_RESIZE_CONTAINER", "tm"),
                Map.entry("HOLDFAST_RESIZE_LISTEN", "[::]:80"),
                Map.entry("HOLDFAST_RESIZE_TOKEN_FILE", "/t"),
                Map.entry("HOLDFAST_RESIZE_TERMINATION_MESSAGE_FILE", "/m"),
                Map.entry("HOLDFAST_RESIZE_LOG_LEVEL", "debug"),
                Map.entry("HOLDFAST_RESIZE_LOG_FORMAT", "json"));

        ResizeConfig config = load(variables);

        assertThat(variables.keySet()).isEqualTo(Variables.all().of("resize-sidecar"));
        assertThat(config.agent().socket()).isEqualTo(Path.of("/s"));
        assertThat(config.agent().jar()).isEqualTo(Path.of("/j"));
        assertThat(config.attach()).isEqualTo(ResizeConfig.Attach.AUTO);
        assertThat(config.cgroup()).contains(Path.of("/c"));
        assertThat(config.baseline()).contains(ByteSize.parse("2Gi"));
        assertThat(config.heapFloor()).contains(ByteSize.parse("512Mi"));
        assertThat(config.network()).isEqualTo(NetworkPolicy.NEVER);
        assertThat(config.kubernetes()).isEqualTo(ResizeConfig.Kubernetes.OFF);
        assertThat(config.pod()).contains("p");
        assertThat(config.namespace()).contains("n");
        assertThat(config.container()).isEqualTo("tm");
        assertThat(ListenAddress.parse(config.listen())).isEqualTo(new ListenAddress("::", 80));
        assertThat(config.tokenFile()).contains(Path.of("/t"));
        assertThat(config.terminationMessageFile()).isEqualTo(Path.of("/m"));
        assertThat(config.log().level()).isEqualTo(LogLevel.DEBUG);
        assertThat(config.log().format()).isEqualTo(LogFormat.JSON);
        assertThat(ResizeSettings.of(config).poll()).isEqualTo(Duration.ofSeconds(2));
        assertThat(ResizeSettings.of(config).rules())
                .isEqualTo(new Rules(
                        1L << 20,
                        1L << 20,
                        OptionalLong.of(1L << 30),
                        OptionalLong.of(8L << 30),
                        Duration.ofSeconds(3),
                        Duration.ofSeconds(4),
                        Duration.ofSeconds(5),
                        Duration.ZERO,
                        Duration.ofSeconds(6)));
    }

    @Test
    void referencePageAndListOfVariablesAreThoseOfTheMapping() {
        VariablesPage.ofTheRepository().check("resize-sidecar", ResizeConfig.class);
    }

    @Test
    void everySettingIsInTheLineAtTheStart() {
        assertThat(ResizeSettings.shown(load(Map.of())).keySet())
                .containsExactlyInAnyOrderElementsOf(Variables.all().of("resize-sidecar"));
    }

    @Test
    void everyDurationIsReadByOurGrammar() {
        assertThat(Setting.of(ResizeConfig.class))
                .filteredOn(setting -> setting.method().getReturnType() == Duration.class)
                .isNotEmpty()
                .allMatch(setting ->
                        setting.method().getAnnotation(WithConverter.class).value() == DurationConverter.class);
    }

    @ParameterizedTest(name = "{0}={1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "POLL | 99ms | HOLDFAST_RESIZE_POLL must be from 100ms to 1m: 99ms",
                "POLL | 61s | HOLDFAST_RESIZE_POLL must be from 100ms to 1m: 1m1s",
                "SHRINK_TIMEOUT | 999ms | HOLDFAST_RESIZE_SHRINK_TIMEOUT must be 1s or longer: 999ms",
                "AGENT_SOCKET | a.sock | HOLDFAST_RESIZE_AGENT_SOCKET must be an absolute path: a.sock",
                "CGROUP | memory | HOLDFAST_RESIZE_CGROUP must be an absolute path: memory",
                "POD | ../other | HOLDFAST_RESIZE_POD is no name that Kubernetes gives: ../other",
                "LISTEN | 9610 | HOLDFAST_RESIZE_LISTEN: '9610' is not an address; write one like 127.0.0.1:9610 or [::]:9610",
                "LISTEN | a:70000 | HOLDFAST_RESIZE_LISTEN: 'a:70000' is not an address; write one like 127.0.0.1:9610 or "
                        + "[::]:9610"
            })
    void whatTheMappingCannotSayIsCheckedToo(String name, String value, String expected) {
        ResizeConfig config = load(Map.of("HOLDFAST_RESIZE_" + name, value));

        ConfigValidationException refused =
                catchThrowableOfType(ConfigValidationException.class, () -> ResizeSettings.of(config));

        assertThat(refused.getProblemCount()).isEqualTo(1);
        assertThat(refused.getProblem(0).getMessage()).isEqualTo(expected);
    }

    @Test
    void floorAboveCeilingIsRefused() {
        ResizeConfig config = load(Map.of("HOLDFAST_RESIZE_FLOOR", "2Gi", "HOLDFAST_RESIZE_CEILING", "1Gi"));

        ConfigValidationException refused =
                catchThrowableOfType(ConfigValidationException.class, () -> ResizeSettings.of(config));

        assertThat(refused.getProblem(0).getMessage())
                .isEqualTo("HOLDFAST_RESIZE_FLOOR must not be more than HOLDFAST_RESIZE_CEILING: 2Gi, 1Gi");
    }

    private static ResizeConfig load(Map<String, String> variables) {
        return TestConfigs.load(ResizeConfig.class, variables);
    }
}
