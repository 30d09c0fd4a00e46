package io.holdfast.agent.stub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JarImageTest {
    private static final String OWN = AgentVersion.class.getName();

    @TempDir
    Path directory;

    private JarImage image;

    @BeforeEach
    void read() throws IOException {
        Path jar = directory.resolve("agent.jar");
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.IMPLEMENTATION_VERSION, "1.2");
        manifest.getMainAttributes().putValue("Agent-Class", AgentMain.class.getName());
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
            out.putNextEntry(new JarEntry("io/holdfast/agent/Broken.class"));
            out.write(new byte[] {1, 2, 3});
            out.putNextEntry(new JarEntry(OWN.replace('.', '/') + ".class"));
            out.write(Files.readAllBytes(Path.of("target/classes", OWN.replace('.', '/') + ".class")));
        }
        image = JarImage.of(jar);
    }

    @Test
    void classThatCouldNotBeDefinedIsThereTheNextTime() {
        for (int attempt = 0; attempt < 2; attempt++) {
            assertThatThrownBy(() -> image.loadClass("io.holdfast.agent.Broken"))
                    .isInstanceOf(ClassFormatError.class);
        }
    }

    @Test
    void domainOfAClassHoldsNoLoader() throws ClassNotFoundException {
        Class<?> loaded = image.loadClass(OWN);

        assertThat(loaded.getClassLoader()).isSameAs(image);
        assertThat(loaded.getProtectionDomain().getClassLoader()).isNull();
    }
}
