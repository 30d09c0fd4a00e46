package io.holdfast.jarcache.init;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static final JavaClasses INIT = new ClassFileImporter().importPath(Path.of("target/classes"));

    @Test
    void environmentIsReadThroughTheMapping() {
        noClasses()
                .should()
                .callMethod(System.class, "getenv")
                .orShould()
                .callMethod(System.class, "getenv", String.class)
                .orShould()
                .dependOnClassesThat()
                .haveNameMatching("org\\.eclipse\\.microprofile\\.config\\.(ConfigProvider|inject\\..*)")
                .because("a variable that the mapping does not know is on no page and in no check")
                .check(INIT);
    }

    @Test
    void librariesThatOnlyAFallbackNeedsAreLeftToTheSources() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.hadoop..", "okhttp3..")
                .because("every pod start waits for this program, and those take long to load")
                .check(INIT);
    }

    @Test
    void namesSayWhatAThingIs() {
        classes()
                .should()
                .haveNameNotMatching(".*(Utils?|Helper|Manager|Impl)(\\$.*)?")
                .because("such a name hides a missing noun")
                .check(INIT);
    }
}
