package io.holdfast.migration;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static final JavaClasses SIDECAR = new ClassFileImporter().importPath(Path.of("target/classes"));

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
                .check(SIDECAR);
    }

    @Test
    void decisionsTouchNothingOutside() {
        noClasses()
                .that()
                .resideInAPackage("..plan..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.fabric8..",
                        "io.quarkus..",
                        "io.vertx..",
                        "java.io..",
                        "java.net..",
                        "java.nio..",
                        "java.util.concurrent..",
                        "okhttp3..",
                        "org.slf4j..")
                .orShould()
                .dependOnClassesThat()
                .haveSimpleName("MoveClient")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .because("a decision that needs no cluster and no clock to run needs none to test")
                .check(SIDECAR);
    }

    @Test
    void whatMayBeReadAndWhenIsDecidedWithoutTouchingIt() {
        noClasses()
                .that()
                .haveFullyQualifiedName("io.holdfast.migration.state.ByteRange")
                .or()
                .haveFullyQualifiedName("io.holdfast.migration.state.CheckpointId")
                .or()
                .haveFullyQualifiedName("io.holdfast.migration.state.StatePath")
                .or()
                .haveFullyQualifiedName("io.holdfast.migration.state.TokenBucket")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.vertx..", "java.io..", "java.net..", "java.nio.file..", "org.slf4j..")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .because("what guards files must be tested without files")
                .check(SIDECAR);
    }

    @Test
    void noticesAreHeardWithoutTheJobManager() {
        noClasses()
                .that()
                .resideInAPackage("..notice..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.holdfast.migration.client..", "io.holdfast.migration.jobmanager..")
                .because("who hears does not decide what is done about it")
                .check(SIDECAR);
    }

    @Test
    void packagesFormNoCycles() {
        slices().matching("io.holdfast.migration.(*)..")
                .should()
                .beFreeOfCycles()
                .check(SIDECAR);
    }

    @Test
    void namesSayWhatAThingIs() {
        classes()
                .should()
                .haveNameNotMatching(".*(Utils?|Helper|(?<!Task|Job)Manager|Impl)(\\$.*)?")
                .because("such a name hides a missing noun")
                .check(SIDECAR);
    }
}
