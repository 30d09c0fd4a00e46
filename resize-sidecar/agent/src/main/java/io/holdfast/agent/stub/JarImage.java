package io.holdfast.agent.stub;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.security.AllPermission;
import java.security.Permissions;
import java.security.ProtectionDomain;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/**
 * The classes of one agent jar, read whole into memory: a jar that is replaced or removed under a running JVM harms
 * nothing. Its parent is the platform class loader, so two of them share no class but the JDK's.
 */
final class JarImage extends ClassLoader {
    private static final String ENTRY_POINT = "io.holdfast.agent.Agent";
    private static final String CLASSES = "io/holdfast/agent/";
    private static final String STUB = CLASSES + "stub/";
    private static final int MOST_BYTES = 16 << 20;

    private final Map<String, byte[]> entries;
    private final String version;

    /** Knows no class loader: threads of a successor inherit, on Java 17, the domains of those who led to them. */
    private final ProtectionDomain domain = new ProtectionDomain(null, everything());

    private JarImage(Map<String, byte[]> entries, String version) {
        super("holdfast-agent-" + version, ClassLoader.getPlatformClassLoader());
        this.entries = entries;
        this.version = version;
    }

    private static Permissions everything() {
        Permissions everything = new Permissions();
        everything.add(new AllPermission());
        return everything;
    }

    /** @throws IllegalArgumentException if the file is no agent jar, or cannot be read */
    static JarImage of(Path jar) {
        Map<String, byte[]> entries = new ConcurrentHashMap<>();
        try (JarFile file = new JarFile(jar.toFile())) {
            String version = version(jar, file);
            int bytes = 0;
            for (JarEntry entry : (Iterable<JarEntry>) file.stream()::iterator) {
                if (entry.isDirectory() || !entry.getName().startsWith(CLASSES)) {
                    continue;
                }
                try (InputStream content = file.getInputStream(entry)) {
                    byte[] read = content.readNBytes(MOST_BYTES - bytes + 1);
                    bytes += read.length;
                    if (bytes > MOST_BYTES) {
                        throw new IllegalArgumentException(jar + " holds more than an agent does");
                    }
                    entries.put(entry.getName(), read);
                }
            }
            return new JarImage(entries, version);
        } catch (IOException e) {
            throw new IllegalArgumentException(jar + " cannot be read as a jar: " + e.getMessage(), e);
        }
    }

    /** Returns the version in the manifest of an agent jar; null if the file is none, or cannot be read. */
    static String versionOf(Path jar) {
        try (JarFile file = new JarFile(jar.toFile())) {
            return version(jar, file);
        } catch (IOException | IllegalArgumentException e) {
            return null;
        }
    }

    private static String version(Path jar, JarFile file) throws IOException {
        Attributes main = file.getManifest() == null
                ? new Attributes()
                : file.getManifest().getMainAttributes();
        String version = main.getValue("Implementation-Version");
        if (!AgentMain.class.getName().equals(main.getValue("Agent-Class")) || version == null) {
            throw new IllegalArgumentException(jar + " is not a jar of the Holdfast agent");
        }
        return version;
    }

    String version() {
        return version;
    }

    /**
     * Returns the class whose instances are agents. All others are made ready with it: one whose first use meets a full
     * heap may be lost for ever.
     */
    Class<?> entryPoint() throws ClassNotFoundException {
        for (String entry : List.copyOf(entries.keySet())) {
            if (entry.endsWith(".class") && !entry.startsWith(STUB)) {
                initialize(
                        entry.substring(0, entry.length() - ".class".length()).replace('/', '.'));
            }
        }
        return loadClass(ENTRY_POINT);
    }

    private void initialize(String name) throws ClassNotFoundException {
        try {
            Class.forName(name, true, this);
        } catch (LinkageError e) {
            return; // who needs it will be told
        }
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        String entry = name.replace('.', '/') + ".class";
        byte[] code = entries.get(entry);
        if (code == null) {
            throw new ClassNotFoundException(name);
        }
        Class<?> defined = defineClass(name, code, 0, code.length, domain);
        entries.remove(entry); // needed once, but for want of memory that may not be the first time
        return defined;
    }

    @Override
    public InputStream getResourceAsStream(String name) {
        byte[] content = entries.get(name);
        return content == null ? super.getResourceAsStream(name) : new ByteArrayInputStream(content);
    }
}
