package io.holdfast.migration;

import io.holdfast.base.ByteSize;
import io.holdfast.base.DurationGrammar;
import io.holdfast.migration.notice.TaintRule;
import io.holdfast.migration.plan.Rules;
import io.holdfast.migration.state.StateSettings;
import io.holdfast.quarkus.ListenAddress;
import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.ConfigValidationException.Problem;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** The settings after every rule that the mapping cannot say has been checked. */
record MigrationSettings(Rules rules, List<TaintRule> taints, List<String> annotations, Optional<StateSettings> state) {
    private static final String VARIABLE = "HOLDFAST_MIGRATION_";
    private static final String NAME = "[a-z0-9]([-a-z0-9.]*[a-z0-9])?";
    private static final String ANNOTATION =
            "([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?";
    private static final ByteSize LEAST_RATE = ByteSize.parse("1Mi");
    private static final List<String> AZURE_EVENTS = List.of("Freeze", "Reboot", "Redeploy", "Preempt", "Terminate");

    /** @throws ConfigValidationException with one sentence for each rule that {@code config} breaks */
    static MigrationSettings of(MigrationConfig config) {
        List<String> problems = new ArrayList<>();
        range(
                problems,
                "JOBMANAGER_TIMEOUT",
                config.jobmanager().timeout(),
                Duration.ofMillis(100),
                Duration.ofSeconds(10));
        range(problems, "POLL", config.poll(), Duration.ofMillis(500), Duration.ofMinutes(1));
        range(problems, "BUDGET", config.budget(), Duration.ofSeconds(1), Duration.ofHours(1));
        range(problems, "RESERVE", config.reserve(), Duration.ZERO, Duration.ofHours(1));
        range(problems, "UNDATED", config.undated(), Duration.ofSeconds(1), Duration.ofHours(24));
        range(problems, "LEAVING", config.leaving(), Duration.ofSeconds(10), Duration.ofHours(24));
        addresses(problems, config);
        paths(config).forEach((name, path) -> {
            if (!path.isAbsolute()) {
                problems.add("%s%s must be an absolute path: %s".formatted(VARIABLE, name.replaceAll("#.*", ""), path));
            }
        });
        names(config).forEach((name, value) -> {
            if (!value.matches(NAME)) {
                problems.add("%s%s is no name that Kubernetes gives: %s".formatted(VARIABLE, name, value));
            }
        });
        List<String> annotations = listed(config.annotations());
        annotations.stream()
                .filter(annotation -> !annotation.matches(ANNOTATION))
                .forEach(annotation -> problems.add("%sANNOTATIONS: '%s' is no name of an annotation; write one like"
                                .formatted(VARIABLE, annotation)
                        + " example.com/leave"));
        config.azure().events().stream()
                .filter(event -> !AZURE_EVENTS.contains(event))
                .forEach(event -> problems.add("%sAZURE_EVENTS: '%s' is none; there are %s"
                        .formatted(VARIABLE, event, String.join(", ", AZURE_EVENTS))));
        List<TaintRule> taints = taints(problems, config);
        if (config.kubernetes() == MigrationConfig.Kubernetes.OFF
                && config.jobmanager().url().isEmpty()) {
            problems.add(
                    "%sJOBMANAGER_URL is needed when %1$sKUBERNETES is off; set it to one like http://my-job-rest:8081"
                            .formatted(VARIABLE));
        }
        state(problems, config);
        if (!problems.isEmpty()) {
            throw new ConfigValidationException(
                    problems.stream().map(Problem::new).toArray(Problem[]::new));
        }
        return new MigrationSettings(
                new Rules(config.budget(), config.reserve(), config.undated(), config.leaving()),
                taints,
                annotations,
                config.state().directories().map(directories -> stateIn(directories, config.state())));
    }

    private static void state(List<String> problems, MigrationConfig config) {
        MigrationConfig.State state = config.state();
        state.url()
                .filter(url -> url.getRawPath() != null && !url.getRawPath().isEmpty())
                .ifPresent(url -> problems.add("%sSTATE_URL must have no path: %s; write one like http://10.0.0.7:9621"
                        .formatted(VARIABLE, url)));
        state.rate()
                .filter(rate -> rate.compareTo(LEAST_RATE) < 0)
                .ifPresent(rate ->
                        problems.add("%sSTATE_RATE must be at least %s: %s".formatted(VARIABLE, LEAST_RATE, rate)));
        if (state.directories().isPresent() && samePort(config.listen(), state.listen())) {
            // Vert.x would listen there for both, and let them answer in turn.
            problems.add(
                    "%sSTATE_LISTEN must have another port than %1$sLISTEN: %s".formatted(VARIABLE, state.listen()));
        }
        if (state.directories().isEmpty()) {
            state.url().ifPresent(url -> problems.add(withoutState("STATE_URL")));
            state.rate().ifPresent(rate -> problems.add(withoutState("STATE_RATE")));
        }
    }

    /** Of those that cannot be read, nothing is said: they are told of already. */
    private static boolean samePort(String one, String other) {
        try {
            int port = ListenAddress.parse(one).port();
            return port != 0 && port == ListenAddress.parse(other).port();
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static String withoutState(String name) {
        return "%s%s has no effect without %1$sSTATE_DIRECTORIES; set that too, or remove it".formatted(VARIABLE, name);
    }

    private static StateSettings stateIn(List<Path> directories, MigrationConfig.State state) {
        return new StateSettings(
                directories.stream().distinct().toList(),
                ListenAddress.parse(state.listen()),
                state.url(),
                state.rate().map(rate -> OptionalLong.of(rate.bytes())).orElse(OptionalLong.empty()));
    }

    private static void range(List<String> problems, String name, Duration value, Duration least, Duration most) {
        if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
            problems.add("%s%s must be from %s to %s: %s"
                    .formatted(
                            VARIABLE,
                            name,
                            DurationGrammar.format(least),
                            DurationGrammar.format(most),
                            DurationGrammar.format(value)));
        }
    }

    private static void addresses(List<String> problems, MigrationConfig config) {
        uris(config).forEach((name, uri) -> {
            if (uri.getUserInfo() != null) {
                problems.add("%s%s must hold no user and no password".formatted(VARIABLE, name.replaceAll("#.*", "")));
                return;
            }
            boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
            if (!http || uri.getHost() == null || uri.getQuery() != null) {
                problems.add("%s%s is no address: %s; write one like http://my-job-rest:8081"
                        .formatted(VARIABLE, name.replaceAll("#.*", ""), uri));
            }
        });
        listen(problems, "LISTEN", config.listen());
        listen(problems, "STATE_LISTEN", config.state().listen());
    }

    private static void listen(List<String> problems, String name, String value) {
        try {
            ListenAddress.parse(value);
        } catch (IllegalArgumentException e) {
            problems.add("%s%s: %s".formatted(VARIABLE, name, e.getMessage()));
        }
    }

    private static Map<String, URI> uris(MigrationConfig config) {
        Map<String, URI> uris = new LinkedHashMap<>();
        List<URI> jobManagers = config.jobmanager().url().orElse(List.of());
        for (int i = 0; i < jobManagers.size(); i++) {
            uris.put("JOBMANAGER_URL#" + i, jobManagers.get(i));
        }
        uris.put("AWS_URL", config.aws().url());
        uris.put("GCP_URL", config.gcp().url());
        uris.put("AZURE_URL", config.azure().url());
        uris.put("ALIBABA_URL", config.alibaba().url());
        config.state().url().ifPresent(url -> uris.put("STATE_URL", url));
        return uris;
    }

    private static List<TaintRule> taints(List<String> problems, MigrationConfig config) {
        List<TaintRule> taints = new ArrayList<>();
        for (String taint : listed(config.taints())) {
            try {
                taints.add(TaintRule.parse(taint));
            } catch (IllegalArgumentException e) {
                problems.add(VARIABLE + "TAINTS: " + e.getMessage());
            }
        }
        return List.copyOf(taints);
    }

    /** A list that says by {@code none} that it is empty: a variable cannot be so. */
    private static List<String> listed(List<String> values) {
        List<String> stripped = values.stream().map(String::strip).toList();
        return stripped.equals(List.of("none")) ? List.of() : stripped;
    }

    /** Every variable with its value, for the log. */
    static Map<String, Object> shown(MigrationConfig config) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("JOBMANAGER_URL", config.jobmanager().url().map(MigrationSettings::joined));
        values.put(
                "JOBMANAGER_TIMEOUT", DurationGrammar.format(config.jobmanager().timeout()));
        values.put("TASKMANAGER_ID", config.taskmanager().id());
        values.put("BUDGET", DurationGrammar.format(config.budget()));
        values.put("RESERVE", DurationGrammar.format(config.reserve()));
        values.put("UNDATED", DurationGrammar.format(config.undated()));
        values.put("LEAVING", DurationGrammar.format(config.leaving()));
        values.put("KUBERNETES", word(config.kubernetes()));
        values.put("POD", config.pod());
        values.put("NAMESPACE", config.namespace());
        values.put("ADDRESS", config.address());
        values.put("NODE", config.node());
        values.put("TAINTS", joined(config.taints()));
        values.put("ANNOTATIONS", joined(config.annotations()));
        values.put(
                "CLOUD",
                config.cloud()
                        .map(clouds -> joined(
                                clouds.stream().map(MigrationSettings::word).toList())));
        values.put("POLL", DurationGrammar.format(config.poll()));
        values.put("AWS_URL", config.aws().url());
        values.put("AWS_REBALANCE", config.aws().rebalance());
        values.put("GCP_URL", config.gcp().url());
        values.put("AZURE_URL", config.azure().url());
        values.put("AZURE_EVENTS", joined(config.azure().events()));
        values.put("ALIBABA_URL", config.alibaba().url());
        values.put("LISTEN", config.listen());
        values.put("TOKEN_FILE", config.tokenFile());
        values.put("STATE_DIRECTORIES", config.state().directories().map(MigrationSettings::joined));
        values.put("STATE_LISTEN", config.state().listen());
        values.put("STATE_URL", config.state().url());
        values.put("STATE_RATE", config.state().rate());
        values.put("TERMINATION_MESSAGE_FILE", config.terminationMessageFile());
        values.put("LOG_LEVEL", word(config.log().level()));
        values.put("LOG_FORMAT", word(config.log().format()));
        Map<String, Object> shown = new LinkedHashMap<>();
        values.forEach((name, value) -> shown.put(VARIABLE + name, value));
        return shown;
    }

    private static String joined(List<?> values) {
        return String.join(",", values.stream().map(Object::toString).toList());
    }

    private static Map<String, Path> paths(MigrationConfig config) {
        Map<String, Path> paths = new LinkedHashMap<>();
        paths.put("TERMINATION_MESSAGE_FILE", config.terminationMessageFile());
        config.tokenFile().ifPresent(path -> paths.put("TOKEN_FILE", path));
        List<Path> state = config.state().directories().orElse(List.of());
        for (int i = 0; i < state.size(); i++) {
            paths.put("STATE_DIRECTORIES#" + i, state.get(i));
        }
        return paths;
    }

    private static Map<String, String> names(MigrationConfig config) {
        Map<String, String> names = new LinkedHashMap<>();
        config.pod().ifPresent(name -> names.put("POD", name));
        config.namespace().ifPresent(name -> names.put("NAMESPACE", name));
        config.node().ifPresent(name -> names.put("NODE", name));
        return names;
    }

    static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
