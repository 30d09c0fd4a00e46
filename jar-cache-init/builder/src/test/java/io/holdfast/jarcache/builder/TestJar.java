package io.holdfast.jarcache.builder;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/** Jars with the classes that a test wants. */
final class TestJar {

    private static final int JAVA_1_MAJOR = 44;

    private final Map<String, byte[]> classes = new TreeMap<>();

    /** A class without anything. */
    TestJar with(String name) {
        return with(name, 17, "java/lang/Object", code -> {});
    }

    /** A class with the abstract method {@code method}, for Java {@code java}. */
    TestJar with(String name, int java, String parent, String... methods) {
        ClassWriter writer = begin(name, java, parent);
        for (String method : methods) {
            int descriptor = method.indexOf('(');
            writer.visitMethod(
                            Opcodes.ACC_PUBLIC | Opcodes.ACC_ABSTRACT,
                            method.substring(0, descriptor),
                            method.substring(descriptor),
                            null,
                            null)
                    .visitEnd();
        }
        writer.visitEnd();
        classes.put(name, writer.toByteArray());
        return this;
    }

    /** A class with a method that does {@code code}. */
    TestJar with(String name, int java, String parent, Consumer<MethodVisitor> code) {
        ClassWriter writer = begin(name, java, parent);
        MethodVisitor method = writer.visitMethod(Opcodes.ACC_PUBLIC | Opcodes.ACC_STATIC, "run", "()V", null, null);
        method.visitCode();
        code.accept(method);
        method.visitInsn(Opcodes.RETURN);
        method.visitMaxs(0, 0);
        method.visitEnd();
        writer.visitEnd();
        classes.put(name, writer.toByteArray());
        return this;
    }

    /** A class that calls {@code method} of {@code owner}. */
    TestJar calling(String name, String owner, String method) {
        int descriptor = method.indexOf('(');
        return with(
                name,
                17,
                "java/lang/Object",
                code -> code.visitMethodInsn(
                        Opcodes.INVOKESTATIC,
                        owner,
                        method.substring(0, descriptor),
                        method.substring(descriptor),
                        false));
    }

    private static ClassWriter begin(String name, int java, String parent) {
        ClassWriter writer = new ClassWriter(ClassWriter.COMPUTE_MAXS);
        writer.visit(JAVA_1_MAJOR + java, Opcodes.ACC_PUBLIC | Opcodes.ACC_ABSTRACT, name, null, parent, new String[0]);
        return writer;
    }

    Path at(Path path) throws IOException {
        Files.createDirectories(path.getParent());
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(path))) {
            for (Map.Entry<String, byte[]> entry : classes.entrySet()) {
                ZipEntry file = new ZipEntry(entry.getKey() + ".class");
                file.setTime(0);
                zip.putNextEntry(file);
                zip.write(entry.getValue());
            }
        }
        return path;
    }
}
