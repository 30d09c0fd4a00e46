package io.holdfast.resize;

import io.holdfast.base.ByteSize;
import io.holdfast.base.DurationGrammar;
import io.holdfast.quarkus.ListenAddress;
import io.holdfast.resize.plan.MemoryPlanner;
import io.holdfast.resize.plan.Rules;
import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.ConfigValidationException.Problem;
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
record ResizeSettings(Rules rules, MemoryPlanner planner, Duration poll) {
    private static final String VARIABLE = "HOLDFAST_RESIZE_";
    private static final Duration SHORTEST_POLL = Duration.ofMillis(100);
    private static final Duration LONGEST_POLL = Duration.ofMinutes(1);
    private static final Duration SHORTEST_TIMEOUT = Duration.ofSeconds(1);
    private static final String NAME = "[a-z0-9]([-a-z0-9.]*[a-z0-9])?";

    /** @throws ConfigValidationException with one sentence for each rule that {@code config} breaks */
    static ResizeSettings of(ResizeConfig config) {
        List<String> problems = new ArrayList<>();
        if (config.poll().compareTo(SHORTEST_POLL) < 0 || config.poll().compareTo(LONGEST_POLL) > 0) {
            problems.add(VARIABLE + "POLL must be from 100ms to 1m: " + DurationGrammar.format(config.poll()));
        }
        timeouts(config).forEach((name, timeout) -> {
            if (timeout.compareTo(SHORTEST_TIMEOUT) < 0) {
                problems.add(VARIABLE + name + " must be 1s or longer: " + DurationGrammar.format(timeout));
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
        if (config.floor().isPresent()
                && config.ceiling().isPresent()
                && config.floor().get().compareTo(config.ceiling().get()) > 0) {
            problems.add("%sFLOOR must not be more than %1$sCEILING: %s, %s"
                    .formatted(VARIABLE, config.floor().get(), config.ceiling().get()));
        }
        try {
            ListenAddress.parse(config.listen());
        } catch (IllegalArgumentException e) {
            problems.add(VARIABLE + "LISTEN: " + e.getMessage());
        }
        if (!problems.isEmpty()) {
            throw new ConfigValidationException(
                    problems.stream().map(Problem::new).toArray(Problem[]::new));
        }
        return new ResizeSettings(
                new Rules(
                        config.shrink().margin().bytes(),
                        config.hysteresis().bytes(),
                        bytes(config.floor()),
                        bytes(config.ceiling()),
                        config.shrink().timeout(),
                        config.ready().timeout(),
                        config.confirm().timeout(),
                        config.cooldown(),
                        config.retry()),
                new MemoryPlanner(bytes(config.baseline()), bytes(config.heapFloor()), config.network()),
                config.poll());
    }

    /** Every variable with its value, for the log. */
    static Map<String, Object> shown(ResizeConfig config) {
        Map<String, Object> values = new LinkedHashMap<>();
        paths(config).forEach(values::put);
        values.put("CGROUP", config.cgroup());
        values.put("TOKEN_FILE", config.tokenFile());
        values.put("ATTACH", word(config.attach()));
        values.put("BASELINE", config.baseline());
        values.put("FLOOR", config.floor());
        values.put("CEILING", config.ceiling());
        values.put("HEAP_FLOOR", config.heapFloor());
        values.put("NETWORK", word(config.network()));
        values.put("HYSTERESIS", config.hysteresis());
        values.put("SHRINK_MARGIN", config.shrink().margin());
        timeouts(config).forEach((name, timeout) -> values.put(name, DurationGrammar.format(timeout)));
        values.put("COOLDOWN", DurationGrammar.format(config.cooldown()));
        values.put("POLL", DurationGrammar.format(config.poll()));
        values.put("KUBERNETES", word(config.kubernetes()));
        values.put("POD", config.pod());
        values.put("NAMESPACE", config.namespace());
        values.put("CONTAINER", config.container());
        values.put("LISTEN", config.listen());
        values.put("LOG_LEVEL", word(config.log().level()));
        values.put("LOG_FORMAT", word(config.log().format()));
        Map<String, Object> shown = new LinkedHashMap<>();
        values.forEach((name, value) -> shown.put(VARIABLE + name, value));
        return shown;
    }

    private static Map<String, Duration> timeouts(ResizeConfig config) {
        Map<String, Duration> timeouts = new LinkedHashMap<>();
        timeouts.put("SHRINK_TIMEOUT", config.shrink().timeout());
        timeouts.put("READY_TIMEOUT", config.ready().timeout());
        timeouts.put("CONFIRM_TIMEOUT", config.confirm().timeout());
        timeouts.put("RETRY", config.retry());
        return timeouts;
    }

    private static Map<String, Path> paths(ResizeConfig config) {
        Map<String, Path> paths = new LinkedHashMap<>();
        paths.put("AGENT_SOCKET", config.agent().socket());
        paths.put("AGENT_JAR", config.agent().jar());
        paths.put("TERMINATION_MESSAGE_FILE", config.terminationMessageFile());
        config.cgroup().ifPresent(path -> paths.put("CGROUP", path));
        config.tokenFile().ifPresent(path -> paths.put("TOKEN_FILE", path));
        return paths;
    }

    private static Map<String, String> names(ResizeConfig config) {
        Map<String, String> names = new LinkedHashMap<>();
        names.put("CONTAINER", config.container());
        config.pod().ifPresent(name -> names.put("POD", name));
        config.namespace().ifPresent(name -> names.put("NAMESPACE", name));
        return names;
    }

    private static OptionalLong bytes(Optional<ByteSize> size) {
        return size.isPresent() ? OptionalLong.of(size.get().bytes()) : OptionalLong.empty();
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
