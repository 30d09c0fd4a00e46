package io.holdfast.guard;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static final JavaClasses GUARD = new ClassFileImporter().importPath(Path.of("target/classes"));

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
                .check(GUARD);
    }

    @Test
    void decisionsTouchNothingOutside() {
        noClasses()
                .that()
                .resideInAPackage("..decide..")
                .or()
                .haveSimpleNameEndingWith("Policy")
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
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(Instant.class, "now")
                .because("a decision that needs no cluster and no clock to run needs none to test")
                .check(GUARD);
    }

    @Test
    void onlyOnePackageWritesToTheCluster() {
        noClasses()
                .that()
                .resideOutsideOfPackage("..cluster..")
                .should()
                .dependOnClassesThat()
                .areAssignableTo(PatchContext.class)
                .because("what is written there names the version that it changes")
                .check(GUARD);
    }

    @Test
    void packagesFormNoCycles() {
        slices().matching("io.holdfast.guard.(*)..").should().beFreeOfCycles().check(GUARD);
    }

    @Test
    void namesSayWhatAThingIs() {
        classes()
                .should()
                .haveNameNotMatching(".*(Utils?|Helper|(?<!Task|Job)Manager|Impl)(\\$.*)?")
                .because("such a name hides a missing noun")
                .check(GUARD);
    }
}
