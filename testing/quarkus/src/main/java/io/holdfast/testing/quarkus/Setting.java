package io.holdfast.testing.quarkus;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithConverter;
import io.smallrye.config.WithDefault;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * One setting of a mapping.
 *
 * @param variable what a user types
 * @param defaultValue empty if there is none
 * @param optional whether it may be absent
 * @param method of the mapping
 */
public record Setting(String variable, Optional<String> defaultValue, boolean optional, Method method) {

    /**
     * All settings of {@code mapping}, those of its groups included, in order of variable.
     *
     * @throws IllegalArgumentException if it is no mapping with a prefix
     */
    public static List<Setting> of(Class<?> mapping) {
        ConfigMapping annotation = mapping.getAnnotation(ConfigMapping.class);
        if (annotation == null || annotation.prefix().isEmpty()) {
            throw new IllegalArgumentException(mapping.getName() + " is no mapping with a prefix");
        }
        List<Setting> settings = new ArrayList<>();
        collect(annotation.prefix(), mapping, settings);
        settings.sort(Comparator.comparing(Setting::variable));
        return List.copyOf(settings);
    }

    private static void collect(String prefix, Class<?> group, List<Setting> settings) {
        for (Method method : group.getMethods()) {
            String key = prefix + "." + kebab(method.getName());
            if (method.getReturnType().isInterface()
                    && method.getReturnType().getPackageName().startsWith("io.holdfast")
                    && !method.isAnnotationPresent(WithConverter.class)) {
                collect(key, method.getReturnType(), settings);
                continue;
            }
            settings.add(new Setting(
                    key.replaceAll("[^a-z0-9]", "_").toUpperCase(Locale.ROOT),
                    Optional.ofNullable(method.getAnnotation(WithDefault.class)).map(WithDefault::value),
                    method.getReturnType() == Optional.class,
                    method));
        }
    }

    /** The type of its value, without what says that it may be absent. */
    Class<?> type() {
        Type type = method.getGenericReturnType();
        if (optional && type instanceof ParameterizedType optionalOf) {
            type = optionalOf.getActualTypeArguments()[0];
        }
        return type instanceof ParameterizedType generic ? (Class<?>) generic.getRawType() : (Class<?>) type;
    }

    /** What a value looks like, in words. */
    String kind() {
        Class<?> type = type();
        if (type.isEnum()) {
            return "one of "
                    + Arrays.stream(type.getEnumConstants())
                            .map(constant -> "`"
                                    + ((Enum<?>) constant)
                                            .name()
                                            .toLowerCase(Locale.ROOT)
                                            .replace('_', '-') + "`")
                            .reduce((one, other) -> one + ", " + other)
                            .orElseThrow();
        }
        return switch (type.getSimpleName()) {
            case "boolean", "Boolean" -> "`true` or `false`";
            case "int", "Integer", "long", "Long" -> "number";
            case "ByteSize" -> "size";
            case "Duration" -> "duration";
            case "List", "Set" -> "list, separated by commas";
            case "Path" -> "path";
            case "URI" -> "URI";
            case "String" -> "text";
            default -> throw new IllegalArgumentException("a " + type + " has no name for users; give it one here");
        };
    }

    private static String kebab(String name) {
        return name.replaceAll("([a-z0-9])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
    }
}
