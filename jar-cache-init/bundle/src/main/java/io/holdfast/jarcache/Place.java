package io.holdfast.jarcache;

import java.util.regex.Pattern;

/**
 * The directory of a Flink installation that a jar goes to: {@code lib}, {@code usrlib} or {@code plugins/NAME}.
 *
 * @param path relative, with {@code /}
 */
public record Place(String path) {

    /** What a place may be, for messages. */
    public static final String RULE = "lib, usrlib or plugins/NAME, with letters, digits, '.', '_' and '-' in NAME";

    private static final String PLUGINS = "plugins/";
    private static final Pattern VALID = Pattern.compile("lib|usrlib|plugins/[A-Za-z0-9][A-Za-z0-9._-]*");

    /** @throws IllegalArgumentException if {@code path} is no such place */
    public Place {
        if (!VALID.matcher(path).matches()) {
            throw new IllegalArgumentException("must be " + RULE + ": " + path);
        }
    }

    /** Whether what is there has a class loader of its own, as each plugin has. */
    public boolean isPlugin() {
        return path.startsWith(PLUGINS);
    }

    @Override
    public String toString() {
        return path;
    }
}
