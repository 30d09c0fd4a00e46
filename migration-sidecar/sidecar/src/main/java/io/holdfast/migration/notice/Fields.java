package io.holdfast.migration.notice;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Fields of a generic resource, which may be missing or of another kind at any place. */
final class Fields {
    private Fields() {}

    static Map<?, ?> child(Map<?, ?> parent, String name) {
        return parent.get(name) instanceof Map<?, ?> map ? map : Map.of();
    }

    static List<Map<?, ?>> children(Map<?, ?> parent, String name) {
        return parent.get(name) instanceof List<?> list
                ? list.stream()
                        .filter(Map.class::isInstance)
                        .<Map<?, ?>>map(item -> (Map<?, ?>) item)
                        .toList()
                : List.of();
    }

    static Optional<String> text(Map<?, ?> parent, String name) {
        return Optional.ofNullable(parent.get(name)).map(Object::toString).filter(text -> !text.isBlank());
    }
}
