package io.holdfast.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.holdfast.base.EnvironmentGuard;
import io.holdfast.base.Variables;
import io.holdfast.migration.notice.TaintRule;
import io.holdfast.migration.plan.Rules;
import io.holdfast.migration.state.StateSettings;
import io.holdfast.quarkus.DurationConverter;
import io.holdfast.quarkus.ListenAddress;
import io.holdfast.quarkus.LogConfig.LogFormat;
import io.holdfast.quarkus.LogConfig.LogLevel;
import io.holdfast.testing.quarkus.Setting;
import io.holdfast.testing.quarkus.TestConfigs;
import io.holdfast.testing.quarkus.VariablesPage;
import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.WithConverter;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MigrationConfigTest {
    private static final String PREFIX = "HOLDFAST_MIGRATION_";

    @Test
    void noVariablesGiveTheDocumentedDefaults() {
        MigrationConfig config = load(Map.of());

        assertThat(config.jobmanager().url()).isEmpty();
        assertThat(config.jobmanager().timeout()).isEqualTo(Duration.ofSeconds(3));
        assertThat(config.taskmanager().id()).isEmpty();
        assertThat(config.kubernetes()).isEqualTo(MigrationConfig.Kubernetes.AUTO);
        assertThat(config.pod()).isEmpty();
        assertThat(config.namespace()).isEmpty();
        assertThat(config.address()).isEmpty();
        assertThat(config.node()).isEmpty();
        assertThat(config.cloud()).isEmpty();
        assertThat(config.poll()).isEqualTo(Duration.ofSeconds(2));
        assertThat(config.aws().url()).isEqualTo(URI.create("http://169.254.169.254"));
        assertThat(config.aws().rebalance()).isFalse();
        assertThat(config.gcp().url()).isEqualTo(URI.create("http://metadata.google.internal"));
        assertThat(config.azure().url()).isEqualTo(URI.create("http://169.254.169.254"));
        assertThat(config.azure().events()).containsExactly("Preempt", "Terminate", "Reboot", "Redeploy");
        assertThat(config.alibaba().url()).isEqualTo(URI.create("http://100.100.100.200"));
        assertThat(config.listen()).isEqualTo("127.0.0.1:9620");
        assertThat(config.tokenFile()).isEmpty();
        assertThat(config.state().directories()).isEmpty();
        assertThat(config.state().listen()).isEqualTo("0.0.0.0:9621");
        assertThat(config.state().url()).isEmpty();
        assertThat(config.state().rate()).isEmpty();
        assertThat(config.terminationMessageFile()).isEqualTo(Path.of("/dev/termination-log"));
        assertThat(config.log().level()).isEqualTo(LogLevel.INFO);
        assertThat(config.log().format()).isEqualTo(LogFormat.PLAIN);
        MigrationSettings settings = MigrationSettings.of(config);
        assertThat(settings.rules())
                .isEqualTo(new Rules(
                        Duration.ofSeconds(25), Duration.ofSeconds(3), Duration.ofMinutes(2), Duration.ofMinutes(5)));
        assertThat(settings.taints())
                .extracting(TaintRule::key)
                .contains(
                        "ToBeDeletedByClusterAutoscaler",
                        "karpenter.sh/disrupted",
                        "aws-node-termination-handler/spot-itn",
                        "cloud.google.com/impending-node-termination",
                        "node.kubernetes.io/out-of-service",
                        "node.kubernetes.io/unreachable")
                .as("a cordoned node stays")
                .doesNotContain("node.kubernetes.io/unschedulable")
                .as("every spot node has it")
                .doesNotContain("cloud.google.com/gke-spot");
        assertThat(settings.state()).isEmpty();
        assertThat(settings.annotations())
                .containsExactly(
                        "scheduling.koordinator.sh/soft-eviction",
                        "descheduler.alpha.kubernetes.io/eviction-in-progress",
                        "descheduler.alpha.kubernetes.io/eviction-requested");
    }

    @Test
    void everyVariableReachesItsSetting() {
        Map<String, String> variables = Map.ofEntries(
                Map.entry(PREFIX + "JOBMANAGER_URL", "http://a:1,https://b:2"),
                Map.entry(PREFIX + "JOBMANAGER_TIMEOUT", "1s"),
                Map.entry(PREFIX + "TASKMANAGER_ID", "tm"),
                Map.entry(PREFIX + "BUDGET", "2s"),
                Map.entry(PREFIX + "RESERVE", "4s"),
                Map.entry(PREFIX + "UNDATED", "5s"),
                Map.entry(PREFIX + "LEAVING", "60s"),
                Map.entry(PREFIX + "KUBERNETES", "off"),
                Map.entry(PREFIX + "POD", "p"),
                Map.entry(PREFIX + "NAMESPACE", "n"),
                Map.entry(PREFIX + "ADDRESS", "10.0.0.1"),
                Map.entry(PREFIX + "NODE", "k"),
                Map.entry(PREFIX + "TAINTS", "a/b=c:NoExecute,d"),
                Map.entry(PREFIX + "ANNOTATIONS", "none"),
                Map.entry(PREFIX + "CLOUD", "aws,azure"),
                Map.entry(PREFIX + "POLL", "7s"),
                Map.entry(PREFIX + "AWS_URL", "http://c"),
                Map.entry(PREFIX + "AWS_REBALANCE", "true"),
                Map.entry(PREFIX + "GCP_URL", "http://d"),
                Map.entry(PREFIX + "AZURE_URL", "http://e"),
                Map.entry(PREFIX + "AZURE_EVENTS", "Freeze"),
                Map.entry(PREFIX + "ALIBABA_URL", "http://f"),
                Map.entry(PREFIX + "LISTEN", "[::]:80"),
                Map.entry(PREFIX + "TOKEN_FILE", "/t"),
                Map.entry(PREFIX + "STATE_DIRECTORIES", "/a,/b,/a"),
                Map.entry(PREFIX + "STATE_LISTEN", "10.0.0.7:1"),
                Map.entry(PREFIX + "STATE_URL", "http://g:2"),
                Map.entry(PREFIX + "STATE_RATE", "50Mi"),
                Map.entry(PREFIX + "TERMINATION_MESSAGE_FILE", "/m"),
                Map.entry(PREFIX + "LOG_LEVEL", "debug"),
                Map.entry(PREFIX + "LOG_FORMAT", "json"));

        MigrationConfig config = load(variables);

        assertThat(variables.keySet()).isEqualTo(Variables.all().of("migration-sidecar"));
        assertThat(config.jobmanager().url()).contains(List.of(URI.create("http://a:1"), URI.create("https://b:2")));
        assertThat(config.jobmanager().timeout()).isEqualTo(Duration.ofSeconds(1));
        assertThat(config.taskmanager().id()).contains("tm");
        assertThat(config.kubernetes()).isEqualTo(MigrationConfig.Kubernetes.OFF);
        assertThat(config.pod()).contains("p");
        assertThat(config.namespace()).contains("n");
        assertThat(config.address()).contains("10.0.0.1");
        assertThat(config.node()).contains("k");
        assertThat(config.cloud()).contains(List.of(MigrationConfig.Cloud.AWS, MigrationConfig.Cloud.AZURE));
        assertThat(config.poll()).isEqualTo(Duration.ofSeconds(7));
        assertThat(config.aws().url()).isEqualTo(URI.create("http://c"));
        assertThat(config.aws().rebalance()).isTrue();
        assertThat(config.gcp().url()).isEqualTo(URI.create("http://d"));
        assertThat(config.azure().url()).isEqualTo(URI.create("http://e"));
        assertThat(config.azure().events()).containsExactly("Freeze");
        assertThat(config.alibaba().url()).isEqualTo(URI.create("http://f"));
        assertThat(config.listen()).isEqualTo("[::]:80");
        assertThat(config.tokenFile()).contains(Path.of("/t"));
        assertThat(config.terminationMessageFile()).isEqualTo(Path.of("/m"));
        assertThat(config.log().level()).isEqualTo(LogLevel.DEBUG);
        assertThat(config.log().format()).isEqualTo(LogFormat.JSON);
        MigrationSettings settings = MigrationSettings.of(config);
        assertThat(settings.rules())
                .isEqualTo(new Rules(
                        Duration.ofSeconds(2), Duration.ofSeconds(4), Duration.ofSeconds(5), Duration.ofSeconds(60)));
        assertThat(settings.taints())
                .containsExactly(
                        new TaintRule("a/b", Optional.of("c"), Optional.of("NoExecute")),
                        new TaintRule("d", Optional.empty(), Optional.empty()));
        assertThat(settings.annotations()).isEmpty();
        assertThat(settings.state())
                .contains(new StateSettings(
                        List.of(Path.of("/a"), Path.of("/b")),
                        new ListenAddress("10.0.0.7", 1),
                        Optional.of(URI.create("http://g:2")),
                        OptionalLong.of(50 << 20)));
    }

    @Test
    void referencePageAndListOfVariablesAreThoseOfTheMapping() {
        VariablesPage.ofTheRepository().check("migration-sidecar", MigrationConfig.class);
    }

    @Test
    void everySettingIsInTheLineAtTheStart() {
        assertThat(MigrationSettings.shown(load(Map.of())).keySet())
                .containsExactlyInAnyOrderElementsOf(Variables.all().of("migration-sidecar"));
    }

    @Test
    void everyDurationIsReadByOurGrammar() {
        assertThat(Setting.of(MigrationConfig.class))
                .filteredOn(setting -> setting.method().getReturnType() == Duration.class)
                .isNotEmpty()
                .allMatch(setting ->
                        setting.method().getAnnotation(WithConverter.class).value() == DurationConverter.class);
    }

    @ParameterizedTest
    @CsvSource({"BUGDET, BUDGET", "STATE_DIRECTORY, STATE_DIRECTORIES", "STATE_RATES, STATE_RATE"})
    void misspelledVariableIsToldWithTheOneThatWasMeant(String misspelled, String meant) {
        assertThat(EnvironmentGuard.ofAllProcesses().problems(Map.of(PREFIX + misspelled, "x")))
                .singleElement()
                .asString()
                .contains("did you mean HOLDFAST_MIGRATION_%s?".formatted(meant));
    }

    @ParameterizedTest(name = "{0}={1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "JOBMANAGER_TIMEOUT | 11s | HOLDFAST_MIGRATION_JOBMANAGER_TIMEOUT must be from 100ms to 10s: 11s",
                "BUDGET | 500ms | HOLDFAST_MIGRATION_BUDGET must be from 1s to 1h: 500ms",
                "POLL | 100ms | HOLDFAST_MIGRATION_POLL must be from 500ms to 1m: 100ms",
                "JOBMANAGER_URL | jobs-rest:8081 | HOLDFAST_MIGRATION_JOBMANAGER_URL is no address: jobs-rest:8081; write one "
                        + "like http://my-job-rest:8081",
                "AWS_URL | http://me:secret@x | HOLDFAST_MIGRATION_AWS_URL must hold no user and no password",
                "TAINTS | a b | HOLDFAST_MIGRATION_TAINTS: 'a b' is no taint; write one like karpenter.sh/disrupted, "
                        + "KEY=VALUE or KEY=VALUE:NoSchedule",
                "ANNOTATIONS | a b | HOLDFAST_MIGRATION_ANNOTATIONS: 'a b' is no name of an annotation; write one like "
                        + "example.com/leave",
                "AZURE_EVENTS | Boom | HOLDFAST_MIGRATION_AZURE_EVENTS: 'Boom' is none; there are Freeze, Reboot, Redeploy, "
                        + "Preempt, Terminate",
                "TOKEN_FILE | t | HOLDFAST_MIGRATION_TOKEN_FILE must be an absolute path: t",
                "POD | ../other | HOLDFAST_MIGRATION_POD is no name that Kubernetes gives: ../other",
                "KUBERNETES | off | HOLDFAST_MIGRATION_JOBMANAGER_URL is needed when HOLDFAST_MIGRATION_KUBERNETES is off; set "
                        + "it to one like http://my-job-rest:8081",
                "STATE_DIRECTORIES | state | HOLDFAST_MIGRATION_STATE_DIRECTORIES must be an absolute path: state",
                "STATE_URL | http://a:1/x | HOLDFAST_MIGRATION_STATE_URL must have no path: http://a:1/x; write one like "
                        + "http://10.0.0.7:9621",
                "STATE_URL | a:1 | HOLDFAST_MIGRATION_STATE_URL is no address: a:1; write one like "
                        + "http://my-job-rest:8081",
                "STATE_RATE | 100 | HOLDFAST_MIGRATION_STATE_RATE must be at least 1Mi: 100",
                "STATE_LISTEN | 9621 | HOLDFAST_MIGRATION_STATE_LISTEN: '9621' is not an address; write one like "
                        + "127.0.0.1:9610 or [::]:9610",
                "STATE_LISTEN | 0.0.0.0:9620 | HOLDFAST_MIGRATION_STATE_LISTEN must have another port than "
                        + "HOLDFAST_MIGRATION_LISTEN: 0.0.0.0:9620",
                "LISTEN | 9620 | HOLDFAST_MIGRATION_LISTEN: '9620' is not an address; write one like 127.0.0.1:9610 or "
                        + "[::]:9610"
            })
    void whatTheMappingCannotSayIsCheckedToo(String name, String value, String expected) {
        Map<String, String> variables = new HashMap<>(Map.of(PREFIX + "STATE_DIRECTORIES", "/state"));
        variables.put(PREFIX + name, value);
        MigrationConfig config = load(variables);

        ConfigValidationException refused =
                catchThrowableOfType(ConfigValidationException.class, () -> MigrationSettings.of(config));

        assertThat(refused.getProblemCount()).isEqualTo(1);
        assertThat(refused.getProblem(0).getMessage()).isEqualTo(expected);
    }

    @Test
    void settingsOfStateThatIsNotServedAreToldOf() {
        MigrationConfig config = load(Map.of(PREFIX + "STATE_URL", "http://a:1", PREFIX + "STATE_RATE", "1Gi"));

        ConfigValidationException refused =
                catchThrowableOfType(ConfigValidationException.class, () -> MigrationSettings.of(config));

        assertThat(refused.getProblemCount()).isEqualTo(2);
        assertThat(refused.getProblem(1).getMessage())
                .isEqualTo(
                        "HOLDFAST_MIGRATION_STATE_RATE has no effect without HOLDFAST_MIGRATION_STATE_DIRECTORIES; set that"
                                + " too, or remove it");
    }

    private static MigrationConfig load(Map<String, String> variables) {
        return TestConfigs.load(MigrationConfig.class, variables);
    }
}
