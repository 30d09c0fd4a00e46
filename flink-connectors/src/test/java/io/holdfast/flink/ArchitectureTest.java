package io.holdfast.flink;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.ArchConfiguration;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Structure of the classes of this module, whichever Flink it is built for. */
class ArchitectureTest {

    /** Ours in Flink's packages under names that say what they are, not what they stand in for. */
    private static final String OWN_NAMES = "SinglePointSchedulingStrategy|ParkingExecutionOperations|StreamPosition"
            + "|BarrierPositions|LedgerRequest|LedgerResponse|WeightRequest|WeightResponse|MoveRequest|MoveResponse"
            + "|MoveOperations|WarmUps|SlotErrands";

    private static JavaClasses holdfast;

    @BeforeAll
    static void importMainClasses() {
        ArchConfiguration.get().setResolveMissingDependenciesFromClassPath(false); // names of Flink's classes suffice
        holdfast = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPath(Path.of("target", "classes"));
        assertThat(holdfast).hasSizeGreaterThan(50);
    }

    @Test
    void classesInFlinksPackagesAreRecognizedByTheirNames() {
        classes()
                .that()
                .resideInAPackage("org.apache.flink..")
                .and()
                .areTopLevelClasses()
                .should()
                .haveNameMatching(".*\\.(Holdfast\\w*|" + OWN_NAMES + ")")
                .because("a stack trace must show which classes are not Flink's")
                .check(holdfast);
    }

    @Test
    void everythingElseLivesInOurOwnPackage() {
        classes()
                .should()
                .resideInAnyPackage("io.holdfast.flink..", "org.apache.flink..")
                .check(holdfast);
    }

    @Test
    void decisionsTouchNothingOutside() {
        noClasses()
                .that()
                .haveNameMatching(".*Policy(\\$.*)?")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.net..", "java.nio.file..", "org.apache.flink.runtime.rpc..")
                .because("a decision that needs no cluster to run needs no cluster to test")
                .check(holdfast);
    }

    @Test
    void exchangeKnowsNothingOfRestarts() {
        noClasses()
                .that()
                .resideInAPackage("io.holdfast.flink.exchange..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.holdfast.flink.restart..")
                .because("what runs on a TaskManager must not need what runs on a JobManager")
                .check(holdfast);
    }
}
