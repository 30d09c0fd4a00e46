package io.holdfast.jarcache.builder;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.jarcache.Bundle;
import io.holdfast.jarcache.BundledJar;
import io.holdfast.jarcache.Place;
import io.holdfast.jarcache.builder.BundleCheck.Findings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Jars of real classes, each with what is to be found or not. */
class BundleCheckTest {

    private static final String OBJECT = "java/lang/Object";
    private static final String ENVIRONMENT = "org/apache/flink/api/Environment";

    private final Map<String, Path> files = new LinkedHashMap<>();
    private final List<Path> flink = new ArrayList<>();
    private final List<Path> user = new ArrayList<>();

    @TempDir
    private Path directory;

    // ------------------------------------------------------------------ one class in two jars

    @Test
    void differentClassesOfOneNameAreAnError() throws IOException {
        jar("lib/a.jar", new TestJar().with("org/x/Same", 17, OBJECT, "one()V"));
        jar("usrlib/b.jar", new TestJar().with("org/x/Same", 17, OBJECT, "two()V"));

        Findings findings = run();

        assertThat(findings.errors())
                .singleElement()
                .asString()
                .startsWith("lib/a.jar and usrlib/b.jar both have org.x.Same, and not the same");
        assertThat(findings.warnings()).isEmpty();
    }

    @Test
    void equalClassesAreAWarning() throws IOException {
        jar("lib/a.jar", new TestJar().with("org/x/Same"));
        jar("lib/b.jar", new TestJar().with("org/x/Same"));

        Findings findings = run();

        assertThat(findings.errors()).isEmpty();
        assertThat(findings.warnings()).singleElement().asString().contains("byte for byte the same");
    }

    @Test
    void flinksAndTheUsersJarsAreInThatWorldToo() throws IOException {
        jar("lib/a.jar", new TestJar().with("org/x/One").with("org/x/Two"));
        flink.add(new TestJar().with("org/x/One", 17, OBJECT, "x()V").at(directory.resolve("flink/flink-dist.jar")));
        user.add(new TestJar().with("org/x/Two", 17, OBJECT, "x()V").at(directory.resolve("user/job.jar")));

        assertThat(run().errors())
                .anyMatch(line -> line.startsWith("Flink's flink-dist.jar and lib/a.jar both have org.x.One"))
                .anyMatch(line -> line.startsWith("lib/a.jar and the user's job.jar both have org.x.Two"))
                .hasSize(2);
    }

    @Test
    void pluginIsAWorldOfItsOwn() throws IOException {
        jar("lib/a.jar", new TestJar().with("org/x/Same", 17, OBJECT, "one()V"));
        jar("plugins/p/b.jar", new TestJar().with("org/x/Same", 17, OBJECT, "two()V"));
        jar("plugins/q/c.jar", new TestJar().with("org/x/Same", 17, OBJECT, "three()V"));

        assertThat(run().errors()).isEmpty();

        jar("plugins/q/d.jar", new TestJar().with("org/x/Same", 17, OBJECT, "four()V"));
        assertThat(run().errors()).singleElement().asString().startsWith("plugins/q/c.jar and plugins/q/d.jar");
    }

    @Test
    void manyAreCounted() throws IOException {
        TestJar one = new TestJar();
        TestJar other = new TestJar();
        for (int i = 0; i < 10; i++) {
            one.with("org/x/C" + i);
            other.with("org/x/C" + i, 17, OBJECT, "x()V");
        }
        jar("lib/a.jar", one);
        jar("lib/b.jar", other);

        assertThat(run().errors())
                .singleElement()
                .asString()
                .contains("10 classes or methods, such as org.x.C0, org.x.C1, org.x.C2");
    }

    // ------------------------------------------------------------------ another Java, another Flink

    @Test
    void newerJavaThanTheBundlesIsAnError() throws IOException {
        jar("lib/a.jar", new TestJar().with("org/x/Old", 11, OBJECT).with("org/x/New", 21, OBJECT));
        jar("lib/b.jar", new TestJar().with("org/x/Fits", 17, OBJECT));

        assertThat(run().errors()).containsExactly("lib/a.jar needs Java 21, and the bundle is for Java 17");
    }

    @Test
    void methodThatThisFlinkDoesNotHaveIsAnError() throws IOException {
        flink(new TestJar().with(ENVIRONMENT, 17, OBJECT, "execute()V"));
        jar("lib/a.jar", new TestJar().calling("org/x/Fits", ENVIRONMENT, "execute()V"));
        jar("lib/b.jar", new TestJar().calling("org/x/Old", ENVIRONMENT, "execute(I)V"));

        assertThat(run().errors())
                .singleElement()
                .asString()
                .startsWith(
                        "lib/b.jar was built for another Flink: it uses org.apache.flink.api.Environment.execute(I)V");
    }

    @Test
    void inheritedMethodsCount() throws IOException {
        flink(new TestJar()
                .with("org/apache/flink/api/Parent", 17, OBJECT, "execute()V")
                .with(ENVIRONMENT, 17, "org/apache/flink/api/Parent"));
        jar(
                "lib/a.jar",
                new TestJar()
                        .calling("org/x/Inherits", ENVIRONMENT, "execute()V")
                        .calling("org/x/OfObject", ENVIRONMENT, "hashCode()I"));

        assertThat(run().errors()).isEmpty();
    }

    @Test
    void methodsOfAParentThatIsNotKnownAreTaken() throws IOException {
        flink(new TestJar().with(ENVIRONMENT, 17, "org/somewhere/Else"));
        jar("lib/a.jar", new TestJar().calling("org/x/A", ENVIRONMENT, "inherited()V"));

        assertThat(run().errors()).isEmpty();
    }

    @Test
    void classThatIsGoneFromAPackageOfFlinksIsAnError() throws IOException {
        flink(new TestJar().with(ENVIRONMENT));
        jar("lib/a.jar", new TestJar().calling("org/x/A", "org/apache/flink/api/Gone", "x()V"));

        assertThat(run().errors()).singleElement().asString().contains("org.apache.flink.api.Gone");
    }

    @Test
    void partOfFlinkThatIsNotThereAtAllIsAWarning() throws IOException {
        flink(new TestJar().with(ENVIRONMENT));
        jar("lib/a.jar", new TestJar().calling("org/x/A", "org/apache/flink/table/Planner", "x()V"));

        Findings findings = run();

        assertThat(findings.errors()).isEmpty();
        assertThat(findings.warnings()).singleElement().asString().contains("org.apache.flink.table.Planner");
    }

    @Test
    void whatTheBundleBringsItselfIsThere() throws IOException {
        flink(new TestJar().with(ENVIRONMENT));
        jar("lib/a.jar", new TestJar().calling("org/x/A", "org/apache/flink/connector/Kafka", "x()V"));
        jar("lib/b.jar", new TestJar().with("org/apache/flink/connector/Kafka", 17, OBJECT, "x()V"));

        Findings findings = run();

        assertThat(findings.errors()).isEmpty();
        assertThat(findings.warnings()).isEmpty();
    }

    // ------------------------------------------------------------------ vocabulary

    private void jar(String path, TestJar jar) throws IOException {
        files.put(path, jar.at(directory.resolve(path)));
    }

    private void flink(TestJar jar) throws IOException {
        flink.add(jar.at(directory.resolve("flink/flink-dist.jar")));
    }

    private Findings run() throws IOException {
        List<BundledJar> jars = files.keySet().stream()
                .map(path -> new BundledJar(
                        path.substring(path.lastIndexOf('/') + 1),
                        new Place(path.substring(0, path.lastIndexOf('/'))),
                        Optional.empty(),
                        "0".repeat(64),
                        "0".repeat(8),
                        1))
                .toList();
        return new BundleCheck(new Bundle("b", "1", List.of("2.2"), 17, jars), files, flink, user).run();
    }
}
