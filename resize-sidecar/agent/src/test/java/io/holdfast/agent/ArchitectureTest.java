package io.holdfast.agent;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static final JavaClasses AGENT = new ClassFileImporter().importPath(Path.of("target/classes"));

    @Test
    void agentNeedsNothingButTheJdkAndTheBase() {
        classes()
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "javax.management..",
                        "com.sun.management..",
                        "jdk.net..",
                        "io.holdfast.agent..",
                        "io.holdfast.base..")
                .because("it runs in other people's JVMs")
                .check(AGENT);
    }

    @Test
    void agentLeavesLoggingAndStandardOutputToTheApplication() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.util.logging..")
                .because("whoever touches it first decides which log manager the JVM has")
                .check(AGENT);
        noClasses()
                .that()
                .resideOutsideOfPackage("io.holdfast.agent.stub..")
                .should()
                .accessField(System.class, "err")
                .orShould()
                .accessField(System.class, "out")
                .because("the application may have replaced them")
                .check(AGENT);
    }

    @Test
    void stubAndImplementationShareNoClass() {
        noClasses()
                .that()
                .resideInAPackage("io.holdfast.agent.stub..")
                .should()
                .dependOnClassesThat()
                .resideOutsideOfPackages("java..", "io.holdfast.agent.stub..")
                .because("the stub of a first version starts all later ones")
                .check(AGENT);
        noClasses()
                .that()
                .resideOutsideOfPackage("io.holdfast.agent.stub..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.holdfast.agent.stub..")
                .check(AGENT);
    }

    @Test
    void onlyOnePlaceReachesBehindTheDoorsOfTheJdk() {
        noClasses()
                .that()
                .doNotHaveSimpleName("JdkInternals")
                .should()
                .callMethodWhere(target(name("setAccessible")))
                .because("what the next JDK closes must be found in one place")
                .check(AGENT);
    }

    @Test
    void decisionsTouchNothingOutside() {
        noClasses()
                .that()
                .haveNameMatching(".*(Policy|Plan|Dialect|Request|CgroupPlace|AgentVersion)(\\$.*)?")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.nio.file..", "java.net..", "java.lang.management..", "javax.management..")
                .because("a decision that needs no JVM of its own to run needs none to test")
                .check(AGENT);
    }

    @Test
    void packagesFormNoCycles() {
        slices().matching("io.holdfast.agent.(*)..").should().beFreeOfCycles().check(AGENT);
    }

    @Test
    void namesSayWhatAThingIs() {
        classes()
                .should()
                .haveNameNotMatching(".*(Utils?|Helper|Manager|Impl)(\\$.*)?")
                .because("such a name hides a missing noun")
                .check(AGENT);
    }
}
