package io.holdfast.quarkus;

import io.smallrye.config.ConfigValidationException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Says which variables cannot be used and why. SmallRye, which reads them, speaks of keys: a user has typed {@code
 * HOLDFAST_JAR_CACHE_TIMEOUT} and is told of {@code holdfast.jar-cache.timeout}.
 *
 * <p>Written against the messages of SmallRye Config 3.15 and 3.16. A message that is not recognised is passed on, with
 * every key of ours in it replaced by its variable.
 */
final class SettingProblems {
    private static final String OURS = "holdfast.";
    private static final Pattern CONVERSION = Pattern.compile(
            "SRCFG00039: The config property (\\S+) with the config value \"(.*)\" threw an Exception whilst being"
                    + " converted (.*)",
            Pattern.DOTALL);
    private static final Pattern ENUM =
            Pattern.compile("SRCFG00049: Cannot convert .* to enum class \\S+, allowed values: (.*)", Pattern.DOTALL);
    private static final Pattern MISSING = Pattern.compile("SRCFG00014: The config property (\\S+) is required .*");
    private static final Pattern EMPTY =
            Pattern.compile("SRCFG0004[01]: The config property (\\S+) .*", Pattern.DOTALL);
    private static final Pattern CODE = Pattern.compile("SRCFG\\d{5}: ");
    private static final Pattern KEY = Pattern.compile("(?<![\\w.])holdfast(\\.[a-z0-9]+(-[a-z0-9]+)*)+");

    private SettingProblems() {}

    /** One sentence per problem, without repetitions. */
    static List<String> sentences(ConfigValidationException failure) {
        Set<String> ours = new LinkedHashSet<>();
        List<String> others = new ArrayList<>();
        for (int i = 0; i < failure.getProblemCount(); i++) {
            String message = failure.getProblem(i).getMessage();
            (message.contains(OURS) ? ours : others).add(sentence(message));
        }
        // A setting of Quarkus that cannot be used has its value from one of ours, which is told then.
        return ours.isEmpty() ? others : List.copyOf(ours);
    }

    /** The sentence for a setting that was found wrong outside of a mapping; empty if {@code failure} is about none. */
    static Optional<String> sentence(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause.getMessage() != null && CODE.matcher(cause.getMessage()).find()) {
                return Optional.of(sentence(cause.getMessage()));
            }
        }
        return Optional.empty();
    }

    static String sentence(String message) {
        Matcher code = CODE.matcher(message);
        String text = code.find() ? message.substring(code.start()) : message;
        Matcher missing = MISSING.matcher(text);
        if (missing.matches()) {
            return variable(missing.group(1)) + " is not set and has no default; give it a value.";
        }
        Matcher empty = EMPTY.matcher(text);
        if (empty.matches()) {
            return variable(empty.group(1)) + " is empty; give it a value, or remove it to get the default.";
        }
        Matcher conversion = CONVERSION.matcher(text);
        if (conversion.matches()) {
            String reason = conversion.group(3);
            Matcher values = ENUM.matcher(reason);
            if (values.matches()) {
                reason = "'%s' is none of its values, which are %s"
                        .formatted(conversion.group(2), ordered(values.group(1)));
            }
            return ended(variable(conversion.group(1)) + ": " + uncoded(reason));
        }
        return ended(KEY.matcher(uncoded(text)).replaceAll(key -> variable(key.group())));
    }

    /** The variable that is read for {@code key}; the key itself if it is not one of ours. */
    private static String variable(String key) {
        return key.startsWith(OURS) ? key.replaceAll("[^A-Za-z0-9]", "_").toUpperCase(Locale.ROOT) : key;
    }

    /** SmallRye's own order changes from run to run. */
    private static String ordered(String values) {
        return Arrays.stream(values.split(",")).map(String::strip).sorted().collect(Collectors.joining(", "));
    }

    private static String uncoded(String text) {
        return CODE.matcher(text).replaceAll("");
    }

    private static String ended(String text) {
        return text.endsWith(".") ? text : text + ".";
    }
}
