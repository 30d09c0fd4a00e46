package io.holdfast.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.holdfast.base.Variables;
import io.holdfast.guard.decide.Rules;
import io.holdfast.quarkus.DurationConverter;
import io.holdfast.quarkus.ListenAddress;
import io.holdfast.quarkus.LogConfig.LogFormat;
import io.holdfast.quarkus.LogConfig.LogLevel;
import io.holdfast.testing.quarkus.Setting;
import io.holdfast.testing.quarkus.TestConfigs;
import io.holdfast.testing.quarkus.VariablesPage;
import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.WithConverter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GuardConfigTest {
    @Test
    void noVariablesGiveTheDocumentedDefaults() {
        GuardConfig config = load(Map.of());

        assertThat(config.listen()).isEqualTo("0.0.0.0:9443");
        assertThat(config.status().listen()).isEqualTo("0.0.0.0:9620");
        assertThat(config.namespace()).isEmpty();
        assertThat(config.service()).isEqualTo("holdfast-eviction-guard");
        assertThat(config.webhook()).isEqualTo("holdfast-eviction-guard");
        assertThat(config.answer().timeout()).isEqualTo(Duration.ofSeconds(5));
        assertThat(config.jobmanager().timeout()).isEqualTo(Duration.ofSeconds(3));
        assertThat(config.move().timeout()).isEqualTo(Duration.ofMinutes(2));
        assertThat(config.move().limit()).isEqualTo(1);
        assertThat(config.leavingFor()).isEqualTo(Duration.ofMinutes(5));
        assertThat(config.evictionRequests()).isEqualTo(GuardConfig.Toggle.OFF);
        assertThat(config.tls().source()).isEqualTo(GuardConfig.TlsSource.OWN);
        assertThat(config.tls().certificateFile()).isEqualTo(Path.of("/holdfast/tls/tls.crt"));
        assertThat(config.tls().keyFile()).isEqualTo(Path.of("/holdfast/tls/tls.key"));
        assertThat(config.tls().secret()).isEqualTo("holdfast-eviction-guard-tls");
        assertThat(config.tls().validity()).isEqualTo(Duration.ofDays(30));
        assertThat(config.tls().authorityValidity()).isEqualTo(Duration.ofDays(365));
        assertThat(config.tls().overlap()).isEqualTo(Duration.ofMinutes(5));
        assertThat(config.lease().name()).isEqualTo("holdfast-eviction-guard");
        assertThat(config.lease().duration()).isEqualTo(Duration.ofSeconds(15));
        assertThat(config.terminationMessageFile()).isEqualTo(Path.of("/dev/termination-log"));
        assertThat(config.log().level()).isEqualTo(LogLevel.INFO);
        assertThat(config.log().format()).isEqualTo(LogFormat.PLAIN);
        assertThat(GuardSettings.of(config))
                .isEqualTo(new GuardSettings(
                        new Rules(
                                Duration.ofMinutes(10),
                                Duration.ofSeconds(30),
                                Duration.ofSeconds(15),
                                Duration.ofSeconds(2)),
                        new ListenAddress("0.0.0.0", 9443)));
    }

    @Test
    void everyVariableReachesItsSetting() {
        Map<String, String> variables = Map.ofEntries(
                Map.entry("HOLDFAST_EVICTION_GUARD_LISTEN", "[::]:1"),
                Map.entry("HOLDFAST_EVICTION_GUARD_STATUS_LISTEN", "[::]:2"),
                Map.entry("HOLDFAST_EVICTION_GUARD_NAMESPACE", "n"),
                Map.entry("HOLDFAST_EVICTION_GUARD_SERVICE", "s"),
                Map.entry("HOLDFAST_EVICTION_GUARD_WEBHOOK", "w"),
                Map.entry("HOLDFAST_EVICTION_GUARD_ANSWER_TIMEOUT", "8s"),
                Map.entry("HOLDFAST_EVICTION_GUARD_JOBMANAGER_TIMEOUT", "7s"),
                Map.entry("HOLDFAST_EVICTION_GUARD_JOBMANAGER_BUDGET", "0s"),
                Map.entry("HOLDFAST_EVICTION_GUARD_MOVE_TIMEOUT", "6s"),
                Map.entry("HOLDFAST_EVICTION_GUARD_MOVE_LIMIT", "3"),
                Map.entry("HOLDFAST_EVICTION_GUARD_LEAVING_FOR", "5s"),
                Map.entry("HOLDFAST_EVICTION_GUARD_FORCE_AFTER", "4s"),
                Map.entry("HOLDFAST_EVICTION_GUARD_WITHDRAW_AFTER", "3s"),
                Map.entry("HOLDFAST_EVICTION_GUARD_RETRY_AFTER", "1s"),
                Map.entry("HOLDFAST_EVICTION_GUARD_EVICTION_REQUESTS", "on"),
                Map.entry("HOLDFAST_EVICTION_GUARD_TLS_SOURCE", "files"),
                Map.entry("HOLDFAST_EVICTION_GUARD_TLS_CERTIFICATE_FILE", "/c"),
                Map.entry("HOLDFAST_EVICTION_GUARD_TLS_KEY_FILE", "/k"),
                Map.entry("HOLDFAST_EVICTION_GUARD_TLS_SECRET", "t"),
                Map.entry("HOLDFAST_EVICTION_GUARD_TLS_VALIDITY", "7d"),
                Map.entry("HOLDFAST_EVICTION_GUARD_TLS_AUTHORITY_VALIDITY", "70d"),
                Map.entry("HOLDFAST_EVICTION_GUARD_TLS_OVERLAP", "1d"),
                Map.entry("HOLDFAST_EVICTION_GUARD_LEASE_NAME", "l"),
                Map.entry("HOLDFAST_EVICTION_GUARD_LEASE_DURATION", "3s"),
                Map.entry("HOLDFAST_EVICTION_GUARD_TERMINATION_MESSAGE_FILE", "/m"),
                Map.entry("HOLDFAST_EVICTION_GUARD_LOG_LEVEL", "debug"),
                Map.entry("HOLDFAST_EVICTION_GUARD_LOG_FORMAT", "json"));

        GuardConfig config = load(variables);

        assertThat(variables.keySet()).isEqualTo(Variables.all().of("eviction-guard"));
        assertThat(config.status().listen()).isEqualTo("[::]:2");
        assertThat(config.namespace()).contains("n");
        assertThat(config.service()).isEqualTo("s");
        assertThat(config.webhook()).isEqualTo("w");
        assertThat(config.answer().timeout()).isEqualTo(Duration.ofSeconds(8));
        assertThat(config.jobmanager().timeout()).isEqualTo(Duration.ofSeconds(7));
        assertThat(config.move().timeout()).isEqualTo(Duration.ofSeconds(6));
        assertThat(config.move().limit()).isEqualTo(3);
        assertThat(config.leavingFor()).isEqualTo(Duration.ofSeconds(5));
        assertThat(config.evictionRequests()).isEqualTo(GuardConfig.Toggle.ON);
        assertThat(config.tls().source()).isEqualTo(GuardConfig.TlsSource.FILES);
        assertThat(config.tls().certificateFile()).isEqualTo(Path.of("/c"));
        assertThat(config.tls().keyFile()).isEqualTo(Path.of("/k"));
        assertThat(config.tls().secret()).isEqualTo("t");
        assertThat(config.tls().validity()).isEqualTo(Duration.ofDays(7));
        assertThat(config.tls().authorityValidity()).isEqualTo(Duration.ofDays(70));
        assertThat(config.tls().overlap()).isEqualTo(Duration.ofDays(1));
        assertThat(config.lease().name()).isEqualTo("l");
        assertThat(config.lease().duration()).isEqualTo(Duration.ofSeconds(3));
        assertThat(config.terminationMessageFile()).isEqualTo(Path.of("/m"));
        assertThat(config.log().level()).isEqualTo(LogLevel.DEBUG);
        assertThat(config.log().format()).isEqualTo(LogFormat.JSON);
        assertThat(GuardSettings.of(config))
                .isEqualTo(new GuardSettings(
                        new Rules(Duration.ofSeconds(4), Duration.ofSeconds(3), Duration.ZERO, Duration.ofSeconds(1)),
                        new ListenAddress("::", 1)));
    }

    @Test
    void referencePageAndListOfVariablesAreThoseOfTheMapping() {
        VariablesPage.ofTheRepository().check("eviction-guard", GuardConfig.class);
    }

    @Test
    void everySettingIsInTheLineAtTheStart() {
        assertThat(GuardSettings.shown(load(Map.of())).keySet())
                .containsExactlyInAnyOrderElementsOf(Variables.all().of("eviction-guard"));
    }

    @Test
    void everyDurationIsReadByOurGrammar() {
        assertThat(Setting.of(GuardConfig.class))
                .filteredOn(setting -> setting.method().getReturnType() == Duration.class)
                .isNotEmpty()
                .allMatch(setting ->
                        setting.method().getAnnotation(WithConverter.class).value() == DurationConverter.class);
    }

    @ParameterizedTest(name = "{0}={1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "JOBMANAGER_TIMEOUT | 5s | HOLDFAST_EVICTION_GUARD_JOBMANAGER_TIMEOUT must be more than 0s and less than "
                        + "HOLDFAST_EVICTION_GUARD_ANSWER_TIMEOUT: 5s, 5s",
                "MOVE_LIMIT | 0 | HOLDFAST_EVICTION_GUARD_MOVE_LIMIT must be 1 or more: 0",
                "WITHDRAW_AFTER | 2s | HOLDFAST_EVICTION_GUARD_WITHDRAW_AFTER must be more than "
                        + "HOLDFAST_EVICTION_GUARD_RETRY_AFTER: 2s, 2s",
                "RETRY_AFTER | 500ms | HOLDFAST_EVICTION_GUARD_RETRY_AFTER must be 1s or longer: 500ms",
                "LEASE_DURATION | 1s | HOLDFAST_EVICTION_GUARD_LEASE_DURATION must be 3s or longer: 1s",
                "TLS_VALIDITY | 29m | HOLDFAST_EVICTION_GUARD_TLS_VALIDITY must be at least 6 times "
                        + "HOLDFAST_EVICTION_GUARD_TLS_OVERLAP: 29m, 5m",
                "TLS_KEY_FILE | tls.key | HOLDFAST_EVICTION_GUARD_TLS_KEY_FILE must be an absolute path: tls.key",
                "SERVICE | a/b | HOLDFAST_EVICTION_GUARD_SERVICE is no name that Kubernetes gives: a/b",
                "LISTEN | 9443 | HOLDFAST_EVICTION_GUARD_LISTEN: '9443' is not an address; write one like 127.0.0.1:9610 "
                        + "or [::]:9610"
            })
    void whatTheMappingCannotSayIsCheckedToo(String name, String value, String expected) {
        GuardConfig config = load(Map.of("HOLDFAST_EVICTION_GUARD_" + name, value));

        ConfigValidationException refused =
                catchThrowableOfType(ConfigValidationException.class, () -> GuardSettings.of(config));

        assertThat(refused.getProblemCount()).isEqualTo(1);
        assertThat(refused.getProblem(0).getMessage()).isEqualTo(expected);
    }

    private static GuardConfig load(Map<String, String> variables) {
        return TestConfigs.load(GuardConfig.class, variables);
    }
}
