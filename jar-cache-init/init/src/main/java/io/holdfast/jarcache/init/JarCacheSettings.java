package io.holdfast.jarcache.init;

import io.holdfast.base.DurationGrammar;
import io.holdfast.jarcache.source.HdfsSettings;
import io.holdfast.jarcache.source.SourceUri;
import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.ConfigValidationException.Problem;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** The settings after every rule that the mapping cannot say has been checked. */
record JarCacheSettings(
        Path bundle,
        Path target,
        JarCacheConfig.Mode mode,
        JarCacheConfig.Verify verify,
        List<FallbackSource> fallbackSources,
        Duration timeout,
        int parallelism,
        Optional<String> flinkVersion,
        HdfsSettings hdfs) {

    private static final int MOST_AT_ONCE = 64;
    private static final Duration SHORTEST_TIMEOUT = Duration.ofSeconds(1);
    private static final String DECLARED = "declared";
    private static final String NONE = "none";
    private static final String VARIABLE = "HOLDFAST_JAR_CACHE_";

    /** @throws ConfigValidationException with one sentence for each rule that {@code config} breaks */
    static JarCacheSettings of(JarCacheConfig config) {
        List<String> problems = new ArrayList<>();
        if (config.parallelism() < 1 || config.parallelism() > MOST_AT_ONCE) {
            problems.add(
                    VARIABLE + "PARALLELISM must be from 1 to %d: %d".formatted(MOST_AT_ONCE, config.parallelism()));
        }
        if (config.timeout().compareTo(SHORTEST_TIMEOUT) < 0) {
            problems.add(VARIABLE + "TIMEOUT must be 1s or longer");
        }
        config.flinkVersion()
                .filter(version -> !version.matches("[1-9][0-9]*\\.[0-9]+(\\.[0-9]+)?"))
                .ifPresent(version -> problems.add(
                        VARIABLE + "FLINK_VERSION must be a version such as 2.2 or 2.2.1: %s".formatted(version)));
        if (config.kerberosPrincipal().isPresent()
                != config.kerberosKeytabFile().isPresent()) {
            problems.add(VARIABLE + "KERBEROS_PRINCIPAL and " + VARIABLE
                    + "KERBEROS_KEYTAB_FILE go together; set both, or none");
        }
        paths(config).forEach((name, path) -> {
            if (!path.isAbsolute()) {
                problems.add("%s%s must be an absolute path: %s".formatted(VARIABLE, name, path));
            }
        });
        List<FallbackSource> sources = fallbackSources(config.fallbackSources(), problems);
        if (!problems.isEmpty()) {
            throw new ConfigValidationException(
                    problems.stream().map(Problem::new).toArray(Problem[]::new));
        }
        return new JarCacheSettings(
                config.bundle(),
                config.target(),
                config.mode(),
                config.verify(),
                sources,
                config.timeout(),
                config.parallelism(),
                config.flinkVersion(),
                new HdfsSettings(
                        config.hadoopConfDir(),
                        config.kerberosPrincipal()
                                .flatMap(principal -> config.kerberosKeytabFile()
                                        .map(keytab -> new HdfsSettings.Login(principal, keytab)))));
    }

    /** Every variable with its value, for the log. */
    static Map<String, Object> shown(JarCacheConfig config) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put(VARIABLE + "BUNDLE", config.bundle());
        values.put(VARIABLE + "TARGET", config.target());
        values.put(VARIABLE + "MODE", word(config.mode()));
        values.put(VARIABLE + "VERIFY", word(config.verify()));
        values.put(
                VARIABLE + "FALLBACK_SOURCES",
                fallbackSources(config.fallbackSources(), new ArrayList<>()).stream()
                        .map(FallbackSource::toString)
                        .collect(Collectors.collectingAndThen(
                                Collectors.joining(","), text -> text.isEmpty() ? NONE : text)));
        values.put(VARIABLE + "TIMEOUT", DurationGrammar.format(config.timeout()));
        values.put(VARIABLE + "PARALLELISM", config.parallelism());
        values.put(VARIABLE + "FLINK_VERSION", config.flinkVersion());
        values.put(VARIABLE + "HADOOP_CONF_DIR", config.hadoopConfDir());
        values.put(VARIABLE + "KERBEROS_PRINCIPAL", config.kerberosPrincipal());
        values.put(VARIABLE + "KERBEROS_KEYTAB_FILE", config.kerberosKeytabFile());
        values.put(VARIABLE + "TERMINATION_MESSAGE_FILE", config.terminationMessageFile());
        values.put(VARIABLE + "LOG_LEVEL", word(config.log().level()));
        values.put(VARIABLE + "LOG_FORMAT", word(config.log().format()));
        return values;
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static Map<String, Path> paths(JarCacheConfig config) {
        Map<String, Path> paths = new LinkedHashMap<>();
        paths.put("BUNDLE", config.bundle());
        paths.put("TARGET", config.target());
        config.hadoopConfDir().ifPresent(path -> paths.put("HADOOP_CONF_DIR", path));
        config.kerberosKeytabFile().ifPresent(path -> paths.put("KERBEROS_KEYTAB_FILE", path));
        return paths;
    }

    private static List<FallbackSource> fallbackSources(List<String> texts, List<String> problems) {
        if (texts.equals(List.of(NONE))) {
            return List.of();
        }
        List<FallbackSource> sources = new ArrayList<>();
        int number = 0;
        for (String text : texts.stream().map(String::strip).toList()) {
            number++;
            if (text.equals(DECLARED)) {
                sources.add(new FallbackSource.Declared());
                continue;
            }
            try {
                URI base = new URI(text);
                SourceUri.requireUsable(base);
                sources.add(new FallbackSource.Directory(base));
            } catch (URISyntaxException | IllegalArgumentException e) {
                String why =
                        e instanceof URISyntaxException broken ? "is no URI: " + broken.getReason() : e.getMessage();
                problems.add(VARIABLE
                        + "FALLBACK_SOURCES: source %d %s, or be %s".formatted(number, why, DECLARED)
                        + (text.equals(NONE) ? "; " + NONE + " must be alone" : ""));
            }
        }
        return List.copyOf(sources);
    }
}
