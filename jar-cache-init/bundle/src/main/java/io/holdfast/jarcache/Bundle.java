package io.holdfast.jarcache;

import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Jars that belong together. Jars are in the order of their paths, whatever order they were given in.
 *
 * @param name of letters in lower case, digits and dashes
 * @param version anything that may be an image tag
 * @param flinkVersions minors of Flink that it fits, such as {@code 2.2}
 * @param java feature version of the oldest Java that it runs on
 */
public record Bundle(String name, String version, List<String> flinkVersions, int java, List<BundledJar> jars) {

    public static final String NAME_RULE = "letters in lower case, digits and single dashes between them";
    public static final String VERSION_RULE =
            "at most 128 letters, digits, '.', '_' and '-', and begin with one of the first two";
    public static final String FLINK_RULE = "MAJOR.MINOR, such as 2.2";

    private static final Pattern NAME = Pattern.compile("[a-z0-9]+(-[a-z0-9]+)*");
    private static final Pattern VERSION = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
    private static final Pattern FLINK = Pattern.compile("[1-9][0-9]*\\.[0-9]+");

    /** @throws IllegalArgumentException if a part is not what it must be; the message says which and why */
    public Bundle {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("name must be " + NAME_RULE + ": " + name);
        }
        if (!VERSION.matcher(version).matches()) {
            throw new IllegalArgumentException("version must be " + VERSION_RULE + ": " + version);
        }
        if (flinkVersions.isEmpty()) {
            throw new IllegalArgumentException("flink must name at least one minor version");
        }
        for (String flink : flinkVersions) {
            if (!FLINK.matcher(flink).matches()) {
                throw new IllegalArgumentException("flink must be " + FLINK_RULE + ": " + flink);
            }
        }
        if (java < 8) {
            throw new IllegalArgumentException("java must be a feature version from 8 on, such as 17: " + java);
        }
        flinkVersions = List.copyOf(flinkVersions);
        jars = jars.stream().sorted(Comparator.comparing(BundledJar::path)).toList();
        if (jars.isEmpty()) {
            throw new IllegalArgumentException("jars must not be empty");
        }
        for (int i = 0; i < jars.size(); i++) {
            for (int j = 0; j < i; j++) {
                if (jars.get(i).sameFileAs(jars.get(j))) {
                    throw new IllegalArgumentException(
                            "jars has this one twice: " + jars.get(i).path());
                }
            }
        }
    }

    /** Of all jars. */
    public long bytes() {
        return jars.stream().mapToLong(BundledJar::bytes).sum();
    }

    /** Whether it fits {@code version} of Flink: a minor, or a patch of it. */
    public boolean fitsFlink(String flinkVersion) {
        return flinkVersions.stream()
                .anyMatch(minor -> flinkVersion.equals(minor) || flinkVersion.startsWith(minor + "."));
    }
}
