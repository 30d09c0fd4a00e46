package io.holdfast.guard;

import io.holdfast.base.DurationGrammar;
import io.holdfast.guard.decide.Rules;
import io.holdfast.quarkus.ListenAddress;
import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.ConfigValidationException.Problem;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The settings after every rule that the mapping cannot say has been checked. */
record GuardSettings(Rules rules, ListenAddress listen) {
    private static final String VARIABLE = "HOLDFAST_EVICTION_GUARD_";
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration LONGEST_ANSWER = Duration.ofSeconds(9);
    private static final Duration SHORTEST_LEASE = Duration.ofSeconds(3);
    private static final int OVERLAPS = 6;
    private static final String NAME = "[a-z0-9]([-a-z0-9.]*[a-z0-9])?";

    /** @throws ConfigValidationException with one sentence for each rule that {@code config} breaks */
    static GuardSettings of(GuardConfig config) {
        List<String> problems = new ArrayList<>();
        Duration answer = config.answer().timeout();
        if (answer.compareTo(SECOND) < 0 || answer.compareTo(LONGEST_ANSWER) > 0) {
            problems.add(VARIABLE + "ANSWER_TIMEOUT must be from 1s to 9s: " + DurationGrammar.format(answer));
        }
        if (config.jobmanager().timeout().isZero()
                || config.jobmanager().timeout().compareTo(answer) >= 0) {
            problems.add("%sJOBMANAGER_TIMEOUT must be more than 0s and less than %1$sANSWER_TIMEOUT: %s, %s"
                    .formatted(
                            VARIABLE,
                            DurationGrammar.format(config.jobmanager().timeout()),
                            DurationGrammar.format(answer)));
        }
        if (config.move().limit() < 1) {
            problems.add(
                    VARIABLE + "MOVE_LIMIT must be 1 or more: " + config.move().limit());
        }
        atLeast(problems, "MOVE_TIMEOUT", config.move().timeout(), SECOND);
        atLeast(problems, "LEAVING_FOR", config.leavingFor(), SECOND);
        atLeast(problems, "FORCE_AFTER", config.forceAfter(), SECOND);
        atLeast(problems, "WITHDRAW_AFTER", config.withdrawAfter(), SECOND);
        atLeast(problems, "RETRY_AFTER", config.retryAfter(), SECOND);
        atLeast(problems, "LEASE_DURATION", config.lease().duration(), SHORTEST_LEASE);
        atLeast(problems, "TLS_OVERLAP", config.tls().overlap(), SECOND);
        if (config.withdrawAfter().compareTo(config.retryAfter()) <= 0) {
            problems.add("%sWITHDRAW_AFTER must be more than %1$sRETRY_AFTER: %s, %s"
                    .formatted(
                            VARIABLE,
                            DurationGrammar.format(config.withdrawAfter()),
                            DurationGrammar.format(config.retryAfter())));
        }
        validities(config).forEach((name, validity) -> {
            if (validity.compareTo(config.tls().overlap().multipliedBy(OVERLAPS)) < 0) {
                problems.add("%s%s must be at least %d times %1$sTLS_OVERLAP: %s, %s"
                        .formatted(
                                VARIABLE,
                                name,
                                OVERLAPS,
                                DurationGrammar.format(validity),
                                DurationGrammar.format(config.tls().overlap())));
            }
        });
        paths(config).forEach((name, path) -> {
            if (!path.isAbsolute()) {
                problems.add("%s%s must be an absolute path: %s".formatted(VARIABLE, name, path));
            }
        });
        names(config).forEach((name, value) -> {
            if (!value.matches(NAME)) {
                problems.add("%s%s is no name that Kubernetes gives: %s".formatted(VARIABLE, name, value));
            }
        });
        listens(config).forEach((name, text) -> {
            try {
                ListenAddress.parse(text);
            } catch (IllegalArgumentException e) {
                problems.add("%s%s: %s".formatted(VARIABLE, name, e.getMessage()));
            }
        });
        if (!problems.isEmpty()) {
            throw new ConfigValidationException(
                    problems.stream().map(Problem::new).toArray(Problem[]::new));
        }
        return new GuardSettings(
                new Rules(
                        config.forceAfter(),
                        config.withdrawAfter(),
                        config.jobmanager().budget(),
                        config.retryAfter()),
                ListenAddress.parse(config.listen()));
    }

    private static void atLeast(List<String> problems, String name, Duration value, Duration least) {
        if (value.compareTo(least) < 0) {
            problems.add("%s%s must be %s or longer: %s"
                    .formatted(VARIABLE, name, DurationGrammar.format(least), DurationGrammar.format(value)));
        }
    }

    /** Every variable with its value, for the log. */
    static Map<String, Object> shown(GuardConfig config) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.putAll(listens(config));
        values.put("NAMESPACE", config.namespace());
        names(config).forEach(values::put);
        values.put("ANSWER_TIMEOUT", DurationGrammar.format(config.answer().timeout()));
        values.put(
                "JOBMANAGER_TIMEOUT", DurationGrammar.format(config.jobmanager().timeout()));
        values.put(
                "JOBMANAGER_BUDGET", DurationGrammar.format(config.jobmanager().budget()));
        values.put("MOVE_TIMEOUT", DurationGrammar.format(config.move().timeout()));
        values.put("MOVE_LIMIT", config.move().limit());
        values.put("LEAVING_FOR", DurationGrammar.format(config.leavingFor()));
        values.put("FORCE_AFTER", DurationGrammar.format(config.forceAfter()));
        values.put("WITHDRAW_AFTER", DurationGrammar.format(config.withdrawAfter()));
        values.put("RETRY_AFTER", DurationGrammar.format(config.retryAfter()));
        values.put("EVICTION_REQUESTS", word(config.evictionRequests()));
        values.put("TLS_SOURCE", word(config.tls().source()));
        paths(config).forEach(values::put);
        validities(config).forEach((name, validity) -> values.put(name, DurationGrammar.format(validity)));
        values.put("TLS_OVERLAP", DurationGrammar.format(config.tls().overlap()));
        values.put("LEASE_DURATION", DurationGrammar.format(config.lease().duration()));
        values.put("LOG_LEVEL", word(config.log().level()));
        values.put("LOG_FORMAT", word(config.log().format()));
        Map<String, Object> shown = new LinkedHashMap<>();
        values.forEach((name, value) -> shown.put(VARIABLE + name, value));
        return shown;
    }

    private static Map<String, String> listens(GuardConfig config) {
        Map<String, String> listens = new LinkedHashMap<>();
        listens.put("LISTEN", config.listen());
        listens.put("STATUS_LISTEN", config.status().listen());
        return listens;
    }

    private static Map<String, Duration> validities(GuardConfig config) {
        Map<String, Duration> validities = new LinkedHashMap<>();
        validities.put("TLS_VALIDITY", config.tls().validity());
        validities.put("TLS_AUTHORITY_VALIDITY", config.tls().authorityValidity());
        return validities;
    }

    private static Map<String, Path> paths(GuardConfig config) {
        Map<String, Path> paths = new LinkedHashMap<>();
        paths.put("TLS_CERTIFICATE_FILE", config.tls().certificateFile());
        paths.put("TLS_KEY_FILE", config.tls().keyFile());
        paths.put("TERMINATION_MESSAGE_FILE", config.terminationMessageFile());
        return paths;
    }

    private static Map<String, String> names(GuardConfig config) {
        Map<String, String> names = new LinkedHashMap<>();
        names.put("SERVICE", config.service());
        names.put("WEBHOOK", config.webhook());
        names.put("TLS_SECRET", config.tls().secret());
        names.put("LEASE_NAME", config.lease().name());
        config.namespace().ifPresent(name -> names.put("NAMESPACE", name));
        return names;
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
