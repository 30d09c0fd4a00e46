package io.holdfast.flink.move;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import javax.management.JMException;
import javax.management.ObjectName;

/** Names of classes that a JVM has loaded, those of the JDK aside: another that is to do the same needs them. Pure. */
final class LoadedClasses {

    private static final String DIAGNOSTICS = "com.sun.management:type=DiagnosticCommand";
    private static final String HIERARCHY = "vmClassHierarchy";

    /** What the JDK has is in its archive of shared classes, and quickly there. */
    private static final List<String> JDK = List.of("java.", "javax.", "jdk.", "sun.", "com.sun.");

    /** Lines such as {@code |  |--org.apache.flink.util.IOUtils/0x00007f8a3c0b8d10}. Hidden classes have another slash. */
    private static final Pattern LINE = Pattern.compile("^[|\\s-]*([\\w$.]+)/(?:null|0x[0-9a-f]+)(?:\\s.*)?$");

    /** Tells this JVM from others. */
    private static final String JVM = UUID.randomUUID().toString();

    private LoadedClasses() {}

    /**
     * Asks this JVM. It stands still while it writes down its classes: some 2 ms for a thousand.
     *
     * @throws IOException if this JVM cannot say it
     */
    static List<String> ofThisJvm() throws IOException {
        try {
            Object text = ManagementFactory.getPlatformMBeanServer()
                    .invoke(new ObjectName(DIAGNOSTICS), HIERARCHY, new Object[] {new String[0]}, new String[] {
                        String[].class.getName()
                    });
            return parse((String) text);
        } catch (JMException e) {
            throw new IOException("This JVM does not list its classes", e);
        }
    }

    static List<String> parse(String hierarchy) {
        return hierarchy
                .lines()
                .map(LINE::matcher)
                .filter(line -> line.matches())
                .map(line -> line.group(1))
                .filter(Predicate.not(LoadedClasses::isGenerated))
                .distinct()
                .toList();
    }

    private static boolean isGenerated(String name) {
        return JDK.stream().anyMatch(name::startsWith) || name.contains("$$") || name.contains("$Proxy");
    }

    /** As text, compressed; the first line says that it is of this JVM. */
    static byte[] packed(List<String> names) {
        return packed(JVM, names);
    }

    static byte[] packed(String jvm, List<String> names) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
            out.write((jvm + "\n" + String.join("\n", names)).getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e); // in memory
        }
        return bytes.toByteArray();
    }

    /**
     * None if it was this JVM that packed them: it has them.
     *
     * @throws IOException if {@code packed} is not what {@link #packed} makes
     */
    static List<String> unpacked(byte[] packed) throws IOException {
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(packed))) {
            List<String> lines = new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            return lines.isEmpty() || lines.get(0).equals(JVM) ? List.of() : lines.subList(1, lines.size());
        }
    }

    /**
     * Loads and links them, as far as they are to be found. Only classes of Flink's are initialized: what others do then is not
     * ours to begin.
     *
     * @return how many there were
     */
    static int load(Stream<String> names, ClassLoader loader, Predicate<String> mayInitialize) {
        return names.mapToInt(name -> isLoaded(name, loader, mayInitialize.test(name)) ? 1 : 0)
                .sum();
    }

    private static boolean isLoaded(String name, ClassLoader loader, boolean initialize) {
        try {
            Class.forName(name, initialize, loader).getDeclaredConstructors(); // which has the JVM link it
            return true;
        } catch (ClassNotFoundException | LinkageError e) { // of another job, or generated
            return false;
        }
    }
}
