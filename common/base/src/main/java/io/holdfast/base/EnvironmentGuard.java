package io.holdfast.base;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Finds environment variables that look like Holdfast's and would be ignored in silence, or are empty. The first thing
 * that every Holdfast process asks:
 *
 * <pre>{@code
 * List<String> problems = EnvironmentGuard.ofAllProcesses().problems(System.getenv());
 * if (!problems.isEmpty()) {
 *     problems.forEach(System.err::println);
 *     System.exit(ExitCode.BAD_CONFIGURATION);
 * }
 * }</pre>
 *
 * <p>It knows the variables of all processes, for containers may share one block of them. What it returns holds names
 * only, never values.
 */
public final class EnvironmentGuard {
    private static final String PREFIX = "HOLDFAST_";

    /**
     * What Kubernetes adds to each container for each Service of its namespace, here for those whose names are {@code
     * holdfast} or begin with {@code holdfast-}. A process's own variable must not have such a name.
     */
    private static final Pattern SERVICE_LINK = Pattern.compile("HOLDFAST_([A-Z0-9_]*_)?"
            + "(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)");

    private final Set<String> known;

    /** @throws IllegalArgumentException if a variable has a name that Kubernetes may give to a service link */
    EnvironmentGuard(Collection<String> known) {
        this.known = Set.copyOf(known);
        for (String name : this.known) {
            if (isServiceLink(name)) {
                throw new IllegalArgumentException("Kubernetes may set it for a Service: " + name);
            }
        }
    }

    /** A guard that knows the variables of all Holdfast processes. */
    public static EnvironmentGuard ofAllProcesses() {
        return new EnvironmentGuard(Variables.all().names());
    }

    /** Returns one sentence per unusable variable, in order of name; empty if all is well. */
    public List<String> problems(Map<String, String> environment) {
        List<String> problems = new ArrayList<>();
        for (String name : new TreeSet<>(environment.keySet())) {
            String canonical = name.replaceAll("[^A-Za-z0-9]", "_").toUpperCase(Locale.ROOT);
            if (!canonical.startsWith(PREFIX) || isServiceLink(name)) {
                continue;
            }
            if (!known.contains(name)) {
                problems.add(unknown(name, canonical));
            } else if (environment.get(name).isBlank()) {
                problems.add(name + " is empty; give it a value, or remove it to get the default.");
            }
        }
        return problems;
    }

    /**
     * Returns the variables of {@code environment} that other processes read and {@code process} does not, in order of
     * name: to be told once, at INFO.
     *
     * @throws IllegalArgumentException if there is no such process
     */
    public static List<String> ofOthers(String process, Map<String, String> environment) {
        SortedSet<String> names = new TreeSet<>(Variables.all().names());
        names.retainAll(environment.keySet());
        names.removeAll(Variables.all().of(process));
        return List.copyOf(names);
    }

    private String unknown(String name, String canonical) {
        return Spelling.closest(canonical, known)
                .map(meant -> "%s is not a Holdfast variable; did you mean %s?".formatted(name, meant))
                .orElseGet(() -> name + " is not a Holdfast variable, nor like one; remove it, or take the name from "
                        + "docs/reference/variables.md.");
    }

    private static boolean isServiceLink(String name) {
        return SERVICE_LINK.matcher(name).matches();
    }
}
