package io.holdfast.testing.quarkus;

import io.holdfast.base.Variables;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The reference of all variables, {@code docs/reference/variables.md}. Each process has a section between two comments,
 * {@code <!-- begin PROCESS -->} and {@code <!-- end PROCESS -->}, which is made of its mapping: names, kinds and defaults
 * from the code, descriptions from Javadoc in its source.
 *
 * <p>A test compares. Run with {@code -Dholdfast.docs=write}, it writes the section instead.
 */
public final class VariablesPage {
    private static final String PAGE = "docs/reference/variables.md";
    private static final Pattern JAVADOC = Pattern.compile("/\\*\\*((?:(?!\\*/).)*)\\*/", Pattern.DOTALL);

    private final Path root;

    private VariablesPage(Path root) {
        this.root = root;
    }

    /** The page of the repository in which this process runs. */
    public static VariablesPage ofTheRepository() {
        Path directory = Path.of("").toAbsolutePath();
        while (directory != null && !Files.isRegularFile(directory.resolve("holdfast"))) {
            directory = directory.getParent();
        }
        if (directory == null) {
            throw new IllegalStateException("no directory above this one has the launcher");
        }
        return new VariablesPage(directory);
    }

    /** @throws AssertionError if the section of {@code process} is not that of {@code mapping} */
    public void check(String process, Class<?> mapping) {
        String expected = section(mapping);
        String page = read(root.resolve(PAGE));
        Matcher section = Pattern.compile(
                        "<!-- begin %1$s -->\n(.*?)<!-- end %1$s -->".formatted(process), Pattern.DOTALL)
                .matcher(page);
        if (!section.find()) {
            throw new AssertionError(
                    "%s has no lines '<!-- begin %s -->' and '<!-- end %2$s -->'. Add them.".formatted(PAGE, process));
        }
        if ("write".equals(System.getProperty("holdfast.docs"))) {
            write(page.substring(0, section.start(1)) + expected + page.substring(section.end(1)));
        } else if (!section.group(1).equals(expected)) {
            throw new AssertionError(
                    "The section of %s in %s is not that of %s. Run this test with -Dholdfast.docs=write.%n"
                                    .formatted(process, PAGE, mapping.getSimpleName())
                            + "--- page%n%s%n--- code%n%s".formatted(section.group(1), expected));
        }
        if (!Variables.all().of(process).equals(names(mapping))) {
            throw new AssertionError("The section [%s] in variables.txt is not that of %s. Its lines are:%n%s"
                    .formatted(process, mapping.getSimpleName(), String.join("\n", names(mapping))));
        }
    }

    private static SortedSet<String> names(Class<?> mapping) {
        return new TreeSet<>(Setting.of(mapping).stream().map(Setting::variable).toList());
    }

    String section(Class<?> mapping) {
        StringBuilder text = new StringBuilder();
        for (Setting setting : Setting.of(mapping)) {
            text.append("\n### `").append(setting.variable()).append("`\n\n");
            text.append(capital(setting.kind())).append(", ");
            text.append(setting.defaultValue()
                    .map(value -> "default `" + value + "`")
                    .orElse(setting.optional() ? "may be absent" : "required"));
            text.append(".\n\n").append(description(setting)).append("\n");
        }
        return text.append("\n").toString();
    }

    private String description(Setting setting) {
        Class<?> group = setting.method().getDeclaringClass();
        String source = read(sourceOf(group));
        String body = source.substring(source.indexOf("interface " + group.getSimpleName() + " "));
        Matcher declaration =
                Pattern.compile("\\s" + setting.method().getName() + "\\(\\);").matcher(body);
        if (!declaration.find()) {
            throw new IllegalStateException("no declaration of " + setting.method() + " in its source");
        }
        String before = body.substring(0, declaration.start());
        MatchResult javadoc = JAVADOC.matcher(before)
                .results()
                .reduce((first, last) -> last)
                .filter(last -> !before.substring(last.end()).matches("(?s).*[;{].*")) // of something before
                .orElseThrow(() -> new AssertionError(setting.method() + " has no Javadoc. It is the reference text."));
        return markdown(javadoc.group(1));
    }

    static String markdown(String javadoc) {
        String text = javadoc.replaceAll("(?m)^\\s*\\*[ ]?", "")
                .strip()
                .replaceAll("\\{@code\\s+([^}]*)}", "`$1`")
                .replaceAll("\\{@link[^}]*[#.\\s](\\w+)[^}]*}", "`$1`")
                .replaceAll("\\s*\n\\s*", " ");
        StringBuilder page = new StringBuilder();
        for (String paragraph : text.split("\\s*<p>\\s*")) {
            page.append(page.isEmpty() ? "" : "\n\n").append(wrapped(paragraph.strip()));
        }
        return page.toString();
    }

    private static String wrapped(String paragraph) {
        StringBuilder text = new StringBuilder();
        int column = 0;
        for (String word : paragraph.split(" +")) {
            if (column > 0 && column + 1 + word.length() > 120) {
                text.append("\n");
                column = 0;
            } else if (column > 0) {
                text.append(" ");
                column++;
            }
            text.append(word);
            column += word.length();
        }
        return text.toString();
    }

    private Path sourceOf(Class<?> type) {
        Class<?> outermost = type;
        while (outermost.getEnclosingClass() != null) {
            outermost = outermost.getEnclosingClass();
        }
        Path file = Path.of("src", "main", "java").resolve(outermost.getName().replace('.', '/') + ".java");
        try (Stream<Path> files = Files.find(root, 12, (path, attributes) -> path.endsWith(file))) {
            List<Path> found = files.toList();
            if (found.size() != 1) {
                throw new IllegalStateException("the source of " + type.getName() + " is not one file: " + found);
            }
            return found.get(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String capital(String text) {
        return text.startsWith("`") ? text : Character.toUpperCase(text.charAt(0)) + text.substring(1);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(file + " cannot be read", e);
        }
    }

    private void write(String page) {
        try {
            Files.writeString(root.resolve(PAGE), page);
        } catch (IOException e) {
            throw new UncheckedIOException(PAGE + " cannot be written", e);
        }
    }
}
