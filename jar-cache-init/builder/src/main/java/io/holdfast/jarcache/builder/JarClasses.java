package io.holdfast.jarcache.builder;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.FieldVisitor;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/**
 * What classes a jar holds, which of Flink's they use, and what they have themselves. Classes are called as in class
 * files, {@code org/apache/flink/api/common/JobID}. Versions for newer Javas ({@code META-INF/versions}) do not count.
 */
final class JarClasses {

    private static final String SUFFIX = ".class";
    private static final int CLASS = 7;
    private static final int METHOD = 10;
    private static final int INTERFACE_METHOD = 11;
    private static final int JAVA_1_MAJOR = 44;

    /** The bytes of a class, as far as a jar's directory tells. */
    record Content(long checksum, long bytes) {}

    /** A method as it is used: of which class, called how. */
    record MethodUse(String owner, String nameAndDescriptor) {}

    /** What of other jars a jar uses. */
    record Uses(Set<String> classes, Set<MethodUse> methods) {}

    /** What a class has. */
    record Shape(String parent, List<String> interfaces, Set<String> methods) {}

    private final Path jar;
    private final Map<String, Content> classes = new HashMap<>();

    private JarClasses(Path jar) {
        this.jar = jar;
    }

    /** @throws IOException if {@code jar} is none */
    static JarClasses of(Path jar) throws IOException {
        JarClasses classes = new JarClasses(jar);
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            for (ZipEntry entry : Collections.list(zip.entries())) {
                String name = entry.getName();
                if (isClass(name)) {
                    classes.classes.put(
                            name.substring(0, name.length() - SUFFIX.length()),
                            new Content(entry.getCrc(), entry.getSize()));
                }
            }
        }
        return classes;
    }

    private static boolean isClass(String entry) {
        return entry.endsWith(SUFFIX)
                && !entry.startsWith("META-INF/")
                && !entry.endsWith("module-info.class")
                && !entry.endsWith("package-info.class");
    }

    Path jar() {
        return jar;
    }

    String fileName() {
        return jar.getFileName().toString();
    }

    Map<String, Content> classes() {
        return classes;
    }

    boolean has(String name) {
        return classes.containsKey(name);
    }

    /** The oldest Java that all classes run on, as a feature version; 0 without classes. */
    int java() throws IOException {
        int newest = 0;
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            for (String name : classes.keySet()) {
                try (InputStream in = zip.getInputStream(zip.getEntry(name + SUFFIX))) {
                    byte[] head = in.readNBytes(8); // u4 magic, u2 minor, u2 major
                    if (head.length == 8) {
                        newest = Math.max(newest, ((head[6] & 0xff) << 8 | head[7] & 0xff) - JAVA_1_MAJOR);
                    }
                }
            }
        }
        return newest;
    }

    /** What its classes use of packages that begin with {@code prefix}, apart from what it has itself. */
    Uses uses(String prefix) throws IOException {
        Uses uses = new Uses(new LinkedHashSet<>(), new LinkedHashSet<>());
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            for (String name : classes.keySet()) {
                try (InputStream in = zip.getInputStream(zip.getEntry(name + SUFFIX))) {
                    collect(new ClassReader(in), prefix, uses);
                }
            }
        }
        return uses;
    }

    /** Reads the constant pool (JVMS 4.4) only: it names all that a class links to. */
    private void collect(ClassReader reader, String prefix, Uses uses) {
        char[] buffer = new char[reader.getMaxStringLength()];
        for (int i = 1; i < reader.getItemCount(); i++) {
            int offset = reader.getItem(i);
            if (offset == 0) {
                continue; // the second half of a long or double
            }
            int tag = reader.readByte(offset - 1);
            if (tag == CLASS) {
                String used = reader.readUTF8(offset, buffer);
                if (used.startsWith(prefix) && !has(used)) {
                    uses.classes.add(used);
                }
            } else if (tag == METHOD || tag == INTERFACE_METHOD) {
                String owner = reader.readClass(offset, buffer);
                if (owner.startsWith(prefix) && !has(owner)) {
                    int nameAndType = reader.getItem(reader.readUnsignedShort(offset + 2));
                    uses.methods.add(new MethodUse(
                            owner, reader.readUTF8(nameAndType, buffer) + reader.readUTF8(nameAndType + 2, buffer)));
                }
            }
        }
    }

    /** What {@code name}, which it has, has. */
    Shape shape(String name) throws IOException {
        try (ZipFile zip = new ZipFile(jar.toFile());
                InputStream in = zip.getInputStream(zip.getEntry(name + SUFFIX))) {
            ClassReader reader = new ClassReader(in);
            Shape shape = new Shape(reader.getSuperName(), List.of(reader.getInterfaces()), new LinkedHashSet<>());
            reader.accept(
                    new ClassVisitor(Opcodes.ASM9) {
                        @Override
                        public MethodVisitor visitMethod(
                                int access, String method, String descriptor, String signature, String[] exceptions) {
                            shape.methods.add(method + descriptor);
                            return null;
                        }

                        @Override
                        public FieldVisitor visitField(
                                int access, String field, String descriptor, String signature, Object value) {
                            return null;
                        }
                    },
                    ClassReader.SKIP_CODE | ClassReader.SKIP_DEBUG | ClassReader.SKIP_FRAMES);
            return shape;
        }
    }

    /** Of several jars, in order. */
    static List<JarClasses> of(List<Path> jars) throws IOException {
        List<JarClasses> all = new ArrayList<>();
        for (Path jar : jars) {
            try {
                all.add(of(jar));
            } catch (IOException e) {
                throw new IOException(jar + " is no jar: " + e.getMessage(), e);
            }
        }
        return all;
    }
}
