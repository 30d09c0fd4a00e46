package io.holdfast.jarcache.builder;

import io.holdfast.jarcache.Bundle;
import io.holdfast.jarcache.BundledJar;
import io.holdfast.jarcache.builder.JarClasses.Content;
import io.holdfast.jarcache.builder.JarClasses.MethodUse;
import io.holdfast.jarcache.builder.JarClasses.Shape;
import io.holdfast.jarcache.builder.JarClasses.Uses;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Finds what would fail in a job, later and with another message: one class in two jars that see each other, a jar that
 * uses of Flink what this Flink does not have, a jar that needs a newer Java.
 *
 * <p>Jars in {@code lib}, Flink's own, those in {@code usrlib} and a user's are one world: the last two come first for a
 * class that both have, which is how a job gets another version than its neighbour. Each plugin is a world of its own;
 * it sees Flink's API and hides the rest.
 */
final class BundleCheck {

    private static final String FLINK = "org/apache/flink/";
    private static final int SHOWN = 3;

    private final Bundle bundle;
    private final Map<String, JarClasses> jars = new TreeMap<>();
    private final List<JarClasses> flink;
    private final List<JarClasses> user;
    private final Map<String, Optional<Shape>> shapes = new HashMap<>();

    /**
     * @param files the jar of each {@link BundledJar#path}
     * @param flink jars of Flink's lib directory; none if that is not to be looked at
     * @param user a user's jars
     * @throws IOException if one is no jar
     */
    BundleCheck(Bundle bundle, Map<String, Path> files, List<Path> flink, List<Path> user) throws IOException {
        this.bundle = bundle;
        for (BundledJar jar : bundle.jars()) {
            jars.put(jar.path(), JarClasses.of(List.of(files.get(jar.path()))).get(0));
        }
        this.flink = JarClasses.of(flink);
        this.user = JarClasses.of(user);
    }

    /** What was found, one line each. */
    record Findings(List<String> errors, List<String> warnings) {}

    Findings run() throws IOException {
        Findings findings = new Findings(new ArrayList<>(), new ArrayList<>());
        sameClasses(findings);
        otherJava(findings);
        if (!flink.isEmpty()) {
            otherFlink(findings);
        }
        return findings;
    }

    // ------------------------------------------------------------------ one class in two jars

    private void sameClasses(Findings findings) {
        Map<String, Map<String, JarClasses>> plugins = new TreeMap<>();
        Map<String, JarClasses> world = new TreeMap<>();
        flink.forEach(jar -> world.put("Flink's " + jar.fileName(), jar));
        user.forEach(jar -> world.put("the user's " + jar.fileName(), jar));
        for (BundledJar jar : bundle.jars()) {
            Map<String, JarClasses> own = jar.place().isPlugin()
                    ? plugins.computeIfAbsent(jar.place().path(), ignored -> new TreeMap<>())
                    : world;
            own.put(jar.path(), jars.get(jar.path()));
        }
        sameClasses(world, findings);
        plugins.values().forEach(plugin -> sameClasses(plugin, findings));
    }

    private void sameClasses(Map<String, JarClasses> world, Findings findings) {
        List<Map.Entry<String, JarClasses>> all = new ArrayList<>(world.entrySet());
        for (int i = 0; i < all.size(); i++) {
            for (int j = i + 1; j < all.size(); j++) {
                if (!flink.contains(all.get(i).getValue())
                        || !flink.contains(all.get(j).getValue())) {
                    sameClasses(all.get(i), all.get(j), findings);
                }
            }
        }
    }

    private static void sameClasses(
            Map.Entry<String, JarClasses> one, Map.Entry<String, JarClasses> other, Findings findings) {
        Set<String> same = new TreeSet<>();
        Set<String> different = new TreeSet<>();
        one.getValue().classes().forEach((name, content) -> {
            Content theirs = other.getValue().classes().get(name);
            if (theirs != null) {
                (theirs.equals(content) ? same : different).add(name);
            }
        });
        String pair = "%s and %s".formatted(one.getKey(), other.getKey());
        if (!different.isEmpty()) {
            findings.errors.add("%s both have %s, and not the same: which one a job gets depends on the order of files"
                    .formatted(pair, some(different)));
        } else if (!same.isEmpty()) {
            findings.warnings.add("%s both have %s, byte for byte the same".formatted(pair, some(same)));
        }
    }

    // ------------------------------------------------------------------ another Java, another Flink

    private void otherJava(Findings findings) throws IOException {
        for (Map.Entry<String, JarClasses> jar : jars.entrySet()) {
            int java = jar.getValue().java();
            if (java > bundle.java()) {
                findings.errors.add(
                        "%s needs Java %d, and the bundle is for Java %d".formatted(jar.getKey(), java, bundle.java()));
            }
        }
    }

    private void otherFlink(Findings findings) throws IOException {
        Set<String> packages = new HashSet<>();
        for (JarClasses jar : flink) {
            jar.classes().keySet().forEach(name -> packages.add(packageOf(name)));
        }
        for (Map.Entry<String, JarClasses> jar : jars.entrySet()) {
            Uses uses = jar.getValue().uses(FLINK);
            Set<String> absent = new TreeSet<>();
            Set<String> optional = new TreeSet<>();
            for (String name : uses.classes()) {
                if (shape(name).isEmpty()) {
                    (packages.contains(packageOf(name)) ? absent : optional).add(name);
                }
            }
            for (MethodUse use : uses.methods()) {
                if (!has(use.owner(), use.nameAndDescriptor())) {
                    absent.add(use.owner() + "." + use.nameAndDescriptor());
                }
            }
            if (!absent.isEmpty()) {
                findings.errors.add("%s was built for another Flink: it uses %s, which this one does not have"
                        .formatted(jar.getKey(), some(absent)));
            }
            if (!optional.isEmpty()) {
                findings.warnings.add(
                        "%s can use %s, which neither this Flink nor the bundle has: some of what it does will not work"
                                .formatted(jar.getKey(), some(optional)));
            }
        }
    }

    private static String packageOf(String name) {
        return name.substring(0, Math.max(0, name.lastIndexOf('/')));
    }

    /** Whether a class of Flink's or of the bundle's has the method, or inherits it; yes if that cannot be known. */
    private boolean has(String owner, String method) throws IOException {
        Optional<Shape> shape = shape(owner);
        if (shape.isEmpty()) {
            return true; // said of the class, or not Flink's
        }
        if (shape.get().methods().contains(method)) {
            return true;
        }
        List<String> parents = new ArrayList<>(shape.get().interfaces());
        if (shape.get().parent() != null) {
            parents.add(shape.get().parent());
        }
        for (String parent : parents) {
            if (parent.equals("java/lang/Object") ? isOfObject(method) : has(parent, method)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isOfObject(String method) {
        String name = method.substring(0, method.indexOf('('));
        for (Method known : Object.class.getDeclaredMethods()) {
            if (known.getName().equals(name)) {
                return true;
            }
        }
        return false;
    }

    private Optional<Shape> shape(String name) throws IOException {
        Optional<Shape> known = shapes.get(name);
        if (known == null) {
            known = Optional.empty();
            for (List<JarClasses> where : List.of(flink, List.copyOf(jars.values()))) {
                for (JarClasses jar : where) {
                    if (known.isEmpty() && jar.has(name)) {
                        known = Optional.of(jar.shape(name));
                    }
                }
            }
            shapes.put(name, known);
        }
        return known;
    }

    private static String some(Set<String> names) {
        String shown =
                names.stream().limit(SHOWN).map(name -> name.replace('/', '.')).collect(Collectors.joining(", "));
        return names.size() <= SHOWN ? shown : "%d classes or methods, such as %s".formatted(names.size(), shown);
    }
}
