package io.holdfast.jarcache;

import com.fasterxml.jackson.databind.JsonNode;
import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import io.holdfast.base.Spelling;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * The fields of an object in a document that people write, read strictly: an unknown field, a wrong type or a missing
 * value is an error that says where. Trees, not classes by reflection, so that a native program needs no registration.
 */
public final class Fields {

    private final String document;
    private final String path;
    private final JsonNode node;
    private final Set<String> known = new LinkedHashSet<>();

    private Fields(String document, String path, JsonNode node) {
        this.document = document;
        this.path = path;
        this.node = node;
    }

    /**
     * @param document how messages call it, such as its file
     * @throws HoldfastException if {@code root} is no object
     */
    public static Fields of(String document, JsonNode root) {
        if (root == null || !root.isObject()) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    document + " does not hold an object",
                    "Begin it with 'name:', as docs/reference/bundle.md shows");
        }
        return new Fields(document, "", root);
    }

    public String text(String field) {
        return optionalText(field).orElseThrow(() -> wrong(field, "is missing"));
    }

    public Optional<String> optionalText(String field) {
        return value(field).map(value -> textOf(field, value));
    }

    private String textOf(String field, JsonNode value) {
        if (!value.isTextual()) {
            throw wrong(field, "must be a text" + (value.isNumber() ? "; put it in quotes: \"" + value + "\"" : ""));
        }
        String text = value.textValue();
        if (text.isBlank()) {
            throw wrong(field, "is empty");
        }
        return text;
    }

    /** @throws HoldfastException also if {@code reader} finds the text wrong, with an {@link IllegalArgumentException} */
    public <T> T text(String field, Function<String, T> reader) {
        String text = text(field);
        try {
            return reader.apply(text);
        } catch (IllegalArgumentException e) {
            throw wrong(field, e.getMessage());
        }
    }

    public long number(String field) {
        return optionalNumber(field).orElseThrow(() -> wrong(field, "is missing"));
    }

    public Optional<Long> optionalNumber(String field) {
        return value(field).map(value -> {
            if (!value.isIntegralNumber() || !value.canConvertToLong()) {
                throw wrong(field, "must be a whole number: " + value);
            }
            return value.longValue();
        });
    }

    public List<String> texts(String field) {
        List<String> texts = new ArrayList<>();
        int index = 0;
        for (JsonNode element : list(field)) {
            texts.add(textOf(field + "[" + index++ + "]", element));
        }
        return texts;
    }

    public List<Fields> objects(String field) {
        List<Fields> objects = new ArrayList<>();
        int index = 0;
        for (JsonNode element : list(field)) {
            String name = field + "[" + index++ + "]";
            if (!element.isObject()) {
                throw wrong(name, "must be an object");
            }
            objects.add(new Fields(document, path + name + ".", element));
        }
        return objects;
    }

    private JsonNode list(String field) {
        JsonNode value = value(field).orElseThrow(() -> wrong(field, "is missing"));
        if (!value.isArray()) {
            throw wrong(field, "must be a list");
        }
        return value;
    }

    private Optional<JsonNode> value(String field) {
        known.add(field);
        JsonNode value = node.get(field);
        return value == null || value.isNull() ? Optional.empty() : Optional.of(value);
    }

    /** To be called when all fields that there may be have been asked for. */
    public void nothingElse() {
        node.fieldNames().forEachRemaining(name -> {
            if (!known.contains(name)) {
                throw wrong(
                        name,
                        "is not a field"
                                + Spelling.closest(name, known)
                                        .map(close -> "; did you mean " + close + "?")
                                        .orElse("; fields are " + String.join(", ", known)));
            }
        });
    }

    /** Makes what {@code reader} makes of the fields. A value that it finds wrong is an error in this document. */
    public <T> T read(Function<Fields, T> reader) {
        T value;
        try {
            value = reader.apply(this);
        } catch (IllegalArgumentException e) {
            throw problem(path + e.getMessage());
        }
        nothingElse();
        return value;
    }

    /** An error at {@code field}; {@code problem} goes on with the sentence that its name begins. */
    public HoldfastException wrong(String field, String problem) {
        return problem(path + field + " " + problem);
    }

    private HoldfastException problem(String problem) {
        return new HoldfastException(
                Disposition.FATAL, document + ": " + problem, "Correct it; docs/reference/bundle.md has all fields");
    }
}
