package io.holdfast.jarcache.init;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.holdfast.base.Variables;
import io.holdfast.jarcache.source.HdfsSettings;
import io.holdfast.quarkus.DurationConverter;
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
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JarCacheConfigTest {
    @Test
    void noVariablesGiveTheDocumentedDefaults() {
        JarCacheConfig config = load(Map.of());

        assertThat(config.bundle()).isEqualTo(Path.of("/holdfast/bundle"));
        assertThat(config.target()).isEqualTo(Path.of("/holdfast/jars"));
        assertThat(config.mode()).isEqualTo(JarCacheConfig.Mode.AUTO);
        assertThat(config.verify()).isEqualTo(JarCacheConfig.Verify.CHECKSUM);
        assertThat(config.fallbackSources()).containsExactly("declared");
        assertThat(config.timeout()).isEqualTo(Duration.ofMinutes(5));
        assertThat(config.parallelism()).isEqualTo(4);
        assertThat(config.flinkVersion()).isEmpty();
        assertThat(config.hadoopConfDir()).isEmpty();
        assertThat(config.kerberosPrincipal()).isEmpty();
        assertThat(config.kerberosKeytabFile()).isEmpty();
        assertThat(config.terminationMessageFile()).isEqualTo(Path.of("/dev/termination-log"));
        assertThat(config.log().level()).isEqualTo(LogLevel.INFO);
        assertThat(config.log().format()).isEqualTo(LogFormat.PLAIN);
    }

    @Test
    void everyVariableReachesItsSetting() {
        Map<String, String> variables = Map.ofEntries(
                Map.entry("HOLDFAST_JAR_CACHE_BUNDLE", "/b"),
                Map.entry("HOLDFAST_JAR_CACHE_TARGET", "/t"),
                Map.entry("HOLDFAST_JAR_CACHE_MODE", "hard-link"),
                Map.entry("HOLDFAST_JAR_CACHE_VERIFY", "size"),
                Map.entry("HOLDFAST_JAR_CACHE_FALLBACK_SOURCES", "hdfs://ns/jars,declared"),
                Map.entry("HOLDFAST_JAR_CACHE_TIMEOUT", "1m30s"),
                Map.entry("HOLDFAST_JAR_CACHE_PARALLELISM", "8"),
                Map.entry("HOLDFAST_JAR_CACHE_FLINK_VERSION", "2.2.1"),
                Map.entry("HOLDFAST_JAR_CACHE_HADOOP_CONF_DIR", "/h"),
                Map.entry("HOLDFAST_JAR_CACHE_KERBEROS_PRINCIPAL", "flink@REALM"),
                Map.entry("HOLDFAST_JAR_CACHE_KERBEROS_KEYTAB_FILE", "/k"),
                Map.entry("HOLDFAST_JAR_CACHE_TERMINATION_MESSAGE_FILE", "/m"),
                Map.entry("HOLDFAST_JAR_CACHE_LOG_LEVEL", "debug"),
                Map.entry("HOLDFAST_JAR_CACHE_LOG_FORMAT", "json"));

        JarCacheConfig config = load(variables);

        assertThat(variables.keySet()).isEqualTo(Variables.all().of("jar-cache-init"));
        assertThat(JarCacheSettings.of(config))
                .isEqualTo(new JarCacheSettings(
                        Path.of("/b"),
                        Path.of("/t"),
                        JarCacheConfig.Mode.HARD_LINK,
                        JarCacheConfig.Verify.SIZE,
                        List.of(
                                new FallbackSource.Directory(URI.create("hdfs://ns/jars")),
                                new FallbackSource.Declared()),
                        Duration.ofSeconds(90),
                        8,
                        Optional.of("2.2.1"),
                        new HdfsSettings(
                                Optional.of(Path.of("/h")),
                                Optional.of(new HdfsSettings.Login("flink@REALM", Path.of("/k"))))));
        assertThat(config.terminationMessageFile()).isEqualTo(Path.of("/m"));
        assertThat(config.log().level()).isEqualTo(LogLevel.DEBUG);
        assertThat(config.log().format()).isEqualTo(LogFormat.JSON);
    }

    @Test
    void referencePageAndListOfVariablesAreThoseOfTheMapping() {
        VariablesPage.ofTheRepository().check("jar-cache-init", JarCacheConfig.class);
    }

    @Test
    void everySettingIsInTheLineAtTheStart() {
        assertThat(JarCacheSettings.shown(load(Map.of())).keySet())
                .containsExactlyInAnyOrderElementsOf(Variables.all().of("jar-cache-init"));
    }

    @Test
    void everyDurationIsReadByOurGrammar() {
        assertThat(Setting.of(JarCacheConfig.class))
                .filteredOn(setting -> setting.method().getReturnType() == Duration.class)
                .isNotEmpty()
                .allMatch(setting ->
                        setting.method().getAnnotation(WithConverter.class).value() == DurationConverter.class);
    }

    @ParameterizedTest(name = "{0}={1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "PARALLELISM | 0 | HOLDFAST_JAR_CACHE_PARALLELISM must be from 1 to 64: 0",
                "PARALLELISM | 65 | HOLDFAST_JAR_CACHE_PARALLELISM must be from 1 to 64: 65",
                "TIMEOUT | 999ms | HOLDFAST_JAR_CACHE_TIMEOUT must be 1s or longer",
                "FLINK_VERSION | 2 | HOLDFAST_JAR_CACHE_FLINK_VERSION must be a version such as 2.2 or 2.2.1: 2",
                "KERBEROS_PRINCIPAL | a@B | HOLDFAST_JAR_CACHE_KERBEROS_PRINCIPAL and HOLDFAST_JAR_CACHE_KERBEROS_KEYTAB_FILE "
                        + "go together; set both, or none",
                "TARGET | jars | HOLDFAST_JAR_CACHE_TARGET must be an absolute path: jars",
                "FALLBACK_SOURCES | ftp://x | HOLDFAST_JAR_CACHE_FALLBACK_SOURCES: source 1 must begin with one of file:, hdfs:, "
                        + "http:, https:, or be declared",
                "FALLBACK_SOURCES | declared,none | HOLDFAST_JAR_CACHE_FALLBACK_SOURCES: source 2 must begin with one of "
                        + "file:, hdfs:, http:, https:, or be declared; none must be alone",
                "FALLBACK_SOURCES | http://u:secret@x/?a=b | HOLDFAST_JAR_CACHE_FALLBACK_SOURCES: source 1 must have no query, "
                        + "for it may hold a token: http://x/, or be declared",
                "FALLBACK_SOURCES | file://mnt/jars | HOLDFAST_JAR_CACHE_FALLBACK_SOURCES: source 1 must have no host, as in "
                        + "file:/path: file://mnt/jars, or be declared",
                "FALLBACK_SOURCES | file:jars | HOLDFAST_JAR_CACHE_FALLBACK_SOURCES: source 1 must have a path that begins with "
                        + "/: file:, or be declared",
            })
    void ruleThatIsBrokenIsToldWithItsVariable(String name, String value, String message) {
        assertThat(problems(Map.of("HOLDFAST_JAR_CACHE_" + name, value))).containsExactly(message);
    }

    @Test
    void allBrokenRulesAreToldAtOnce() {
        assertThat(problems(Map.of(
                        "HOLDFAST_JAR_CACHE_PARALLELISM", "0",
                        "HOLDFAST_JAR_CACHE_BUNDLE", "b",
                        "HOLDFAST_JAR_CACHE_TIMEOUT", "0s")))
                .hasSize(3);
    }

    @Test
    void fallbackSourcesCanBeTurnedOff() {
        JarCacheConfig config = load(Map.of("HOLDFAST_JAR_CACHE_FALLBACK_SOURCES", "none"));

        assertThat(JarCacheSettings.of(config).fallbackSources()).isEmpty();
        assertThat(JarCacheSettings.shown(config)).containsEntry("HOLDFAST_JAR_CACHE_FALLBACK_SOURCES", "none");
    }

    @Test
    void passwordInAUriIsNotShown() {
        JarCacheConfig config =
                load(Map.of("HOLDFAST_JAR_CACHE_FALLBACK_SOURCES", "https://me:secret@my_host:8443/jars/,hdfs://ns/x"));

        assertThat(JarCacheSettings.shown(config))
                .containsEntry("HOLDFAST_JAR_CACHE_FALLBACK_SOURCES", "https://my_host:8443/jars/,hdfs://ns/x");
    }

    private static JarCacheConfig load(Map<String, String> variables) {
        return TestConfigs.load(JarCacheConfig.class, new HashMap<>(variables));
    }

    private static List<String> problems(Map<String, String> variables) {
        ConfigValidationException failure =
                catchThrowableOfType(ConfigValidationException.class, () -> JarCacheSettings.of(load(variables)));
        return IntStream.range(0, failure.getProblemCount())
                .mapToObj(problem -> failure.getProblem(problem).getMessage())
                .toList();
    }
}
