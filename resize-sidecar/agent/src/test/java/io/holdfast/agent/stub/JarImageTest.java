package io.holdfast.agent.stub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JarImageTest {
    private static final String OWN = AgentVersion.class.getName();

    private static final String AGENT = "io/holdfast/agent/Agent.class";
    private static final String LATE = "io/holdfast/agent/report/Deadline.class";

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
            for (String entry : List.of(OWN.replace('.', '/') + ".class", AGENT, LATE)) {
                out.putNextEntry(new JarEntry(entry));
                out.write(Files.readAllBytes(Path.of("target/classes", entry)));
            }
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
    void allClassesAreReadyBeforeTheHeapCanBeFull() throws ClassNotFoundException, IOException {
        try (InputStream before = image.getResourceAsStream(LATE)) {
            assertThat(before).isNotNull();
        }

        assertThat(image.entryPoint().getClassLoader()).isSameAs(image);

        try (InputStream after = image.getResourceAsStream(LATE)) {
            assertThat(after).isNull(); // its bytes went when it was defined
        }
    }

    @Test
    void domainOfAClassHoldsNoLoader() throws ClassNotFoundException {
        Class<?> loaded = image.loadClass(OWN);

        assertThat(loaded.getClassLoader()).isSameAs(image);
        assertThat(loaded.getProtectionDomain().getClassLoader()).isNull();
    }
}
