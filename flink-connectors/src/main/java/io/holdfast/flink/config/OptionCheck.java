package io.holdfast.flink.config;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import io.holdfast.base.Spelling;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;

/** Refuses {@code holdfast.*} options that nobody reads and values that nobody can use. Pure. */
public final class OptionCheck {

    /** Some network buffers of the usual size. */
    private static final MemorySize LEAST_IN_FLIGHT_MEMORY = MemorySize.ofMebiBytes(1);

    private OptionCheck() {}

    /**
     * Any thread.
     *
     * @throws HoldfastException {@link Disposition#FATAL} with one sentence per problem
     */
    public static void check(Configuration configuration) {
        List<String> problems = problems(configuration);
        if (!problems.isEmpty()) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    String.join(". ", problems),
                    "Correct the holdfast options in Flink's configuration");
        }
    }

    /** Any thread. One sentence per unusable option, in order of name; empty if all is well. */
    public static List<String> problems(Configuration configuration) {
        Map<String, ConfigOption<?>> known =
                HoldfastOptions.all().stream().collect(Collectors.toMap(ConfigOption::key, option -> option));
        List<String> problems = new ArrayList<>();
        new TreeMap<>(configuration.toMap())
                .keySet().stream()
                        .filter(key -> key.startsWith(HoldfastOptions.PREFIX))
                        .filter(key -> !key.equals(HoldfastOptions.ENTRY_POINT.key()))
                        .forEach(key -> {
                            ConfigOption<?> option = known.get(key);
                            if (option == null) {
                                problems.add(unknown(key, known));
                            } else {
                                unreadable(configuration, option, problems);
                            }
                        });
        if (problems.isEmpty()) {
            outOfRange(configuration, problems);
        }
        return problems;
    }

    private static String unknown(String key, Map<String, ConfigOption<?>> known) {
        return key + " is not an option of Holdfast"
                + Spelling.closest(key, known.keySet())
                        .map(close -> "; did you mean " + close + "?")
                        .orElse("");
    }

    private static void unreadable(Configuration configuration, ConfigOption<?> option, List<String> problems) {
        try {
            configuration.get(option);
        } catch (IllegalArgumentException e) {
            Throwable reason = e.getCause() == null ? e : e.getCause();
            problems.add("%s cannot be read: %s".formatted(option.key(), reason.getMessage()));
        }
    }

    private static void outOfRange(Configuration configuration, List<String> problems) {
        Duration heartbeat = configuration.get(HoldfastOptions.RESTART_HEARTBEAT_INTERVAL);
        Duration suspect = configuration.get(HoldfastOptions.RESTART_SUSPECT_TIMEOUT);
        if (heartbeat.toMillis() < 1) {
            problems.add("%s must be at least 1 ms: %s"
                    .formatted(HoldfastOptions.RESTART_HEARTBEAT_INTERVAL.key(), heartbeat));
        }
        if (suspect.compareTo(heartbeat.multipliedBy(2)) < 0) {
            problems.add("%s must be at least twice %s, which is %d ms: %d ms"
                    .formatted(
                            HoldfastOptions.RESTART_SUSPECT_TIMEOUT.key(),
                            HoldfastOptions.RESTART_HEARTBEAT_INTERVAL.key(),
                            heartbeat.toMillis(),
                            suspect.toMillis()));
        }
        if (configuration.get(HoldfastOptions.RESTART_DELAY).isNegative()) {
            problems.add(HoldfastOptions.RESTART_DELAY.key() + " must not be negative");
        }
        atLeast(configuration, HoldfastOptions.RESTART_MAX_FAILURES, 0, problems);
        atLeast(configuration, HoldfastOptions.LEDGER_MAX_INCIDENTS, 1, problems);
        if (configuration.get(HoldfastOptions.RESTART_ATTACH_TIMEOUT).toMillis() < 1_000) {
            problems.add(HoldfastOptions.RESTART_ATTACH_TIMEOUT.key() + " must be at least 1 s");
        }
        if (configuration.get(HoldfastOptions.RESTART_FAILURE_WINDOW).toMillis() < 1) {
            problems.add(HoldfastOptions.RESTART_FAILURE_WINDOW.key() + " must be at least 1 ms");
        }
        if (configuration.get(HoldfastOptions.MOVE_TIMEOUT).toMillis() < 1) {
            problems.add(HoldfastOptions.MOVE_TIMEOUT.key() + " must be at least 1 ms");
        }
        if (configuration.get(HoldfastOptions.MOVE_LEAVING_TIME).isNegative()) {
            problems.add(HoldfastOptions.MOVE_LEAVING_TIME.key() + " must not be negative");
        }
        inFlightLog(configuration, problems);
        MemorySize most = configuration.get(HoldfastOptions.NETWORK_MEMORY_MAX);
        if (most.getBytes() > 0
                && configuration.get(HoldfastOptions.NETWORK_MEMORY_MIN).compareTo(most) > 0) {
            problems.add("%s must not be more than %s, which is %s: %s"
                    .formatted(
                            HoldfastOptions.NETWORK_MEMORY_MIN.key(),
                            HoldfastOptions.NETWORK_MEMORY_MAX.key(),
                            most,
                            configuration.get(HoldfastOptions.NETWORK_MEMORY_MIN)));
        }
    }

    private static void inFlightLog(Configuration configuration, List<String> problems) {
        MemorySize memory = configuration.get(HoldfastOptions.IN_FLIGHT_LOG_MEMORY);
        if (memory.getBytes() > 0 && memory.compareTo(LEAST_IN_FLIGHT_MEMORY) < 0) {
            problems.add("%s must be 0 or at least %s: %s"
                    .formatted(HoldfastOptions.IN_FLIGHT_LOG_MEMORY.key(), LEAST_IN_FLIGHT_MEMORY, memory));
        }
    }

    private static void atLeast(
            Configuration configuration, ConfigOption<Integer> option, int least, List<String> problems) {
        if (configuration.get(option) < least) {
            problems.add("%s must be at least %d: %d".formatted(option.key(), least, configuration.get(option)));
        }
    }
}
