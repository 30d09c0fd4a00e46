package io.holdfast.quarkus;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static final JavaClasses QUARKUS = new ClassFileImporter().importPath(Path.of("target/classes"));

    @Test
    void environmentIsReadInOnePlace() {
        noClasses()
                .that()
                .doNotHaveSimpleName("ProcessEnvironment")
                .should()
                .callMethod(System.class, "getenv")
                .orShould()
                .callMethod(System.class, "getenv", String.class)
                .because("a variable that a mapping does not know is on no page and in no check")
                .check(QUARKUS);
    }

    @Test
    void namesSayWhatAThingIs() {
        classes()
                .should()
                .haveNameNotMatching(".*(Utils?|Helper|Manager|Impl)(\\$.*)?")
                .because("such a name hides a missing noun")
                .check(QUARKUS);
    }
}
