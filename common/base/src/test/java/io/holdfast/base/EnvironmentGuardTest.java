package io.holdfast.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EnvironmentGuardTest {
    private final EnvironmentGuard guard = new EnvironmentGuard(
            Set.of("HOLDFAST_ENABLED", "HOLDFAST_RESIZE_CEILING", "HOLDFAST_RESIZE_SHRINK_TIMEOUT"));

    @Test
    void misspelledVariableIsNamedWithWhatWasMeant() {
        assertThat(guard.problems(Map.of(
                        "HOLDFAST_RESIZE_SHRINK_TIMOUT", "30s",
                        "HOLDFAST_RESIZE_CEILING", "8Gi",
                        "PATH", "/bin")))
                .containsExactly("HOLDFAST_RESIZE_SHRINK_TIMOUT is not a Holdfast variable; "
                        + "did you mean HOLDFAST_RESIZE_SHRINK_TIMEOUT?");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "holdfast.resize.ceiling",
                "holdfast_resize_ceiling",
                "Holdfast-Resize-Ceiling",
                "HOLDFAST_RESIZE.CEILING",
                "HOLDFAST__RESIZE_CEILING",
            })
    void otherSpellingsOfAVariableAreCaught(String name) {
        assertThat(guard.problems(Map.of(name, "8Gi")))
                .containsExactly(name + " is not a Holdfast variable; did you mean HOLDFAST_RESIZE_CEILING?");
    }

    @Test
    void variableUnlikeAnyOtherIsAnErrorToo() {
        assertThat(guard.problems(Map.of("HOLDFAST_COLOUR_OF_THE_SKY", "blue")))
                .containsExactly(
                        "HOLDFAST_COLOUR_OF_THE_SKY is not a Holdfast variable, nor like one; remove it, or take "
                                + "the name from docs/reference/variables.md.");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "\t\n"})
    void blankVariableIsAnErrorNotAnAbsence(String value) {
        assertThat(guard.problems(Map.of("HOLDFAST_RESIZE_CEILING", value)))
                .containsExactly("HOLDFAST_RESIZE_CEILING is empty; give it a value, or remove it to get the default.");
    }

    @Test
    void allProblemsAreToldInOrderOfName() {
        assertThat(guard.problems(Map.of("HOLDFAST_Z", "1", "HOLDFAST_ENABLED", "", "holdfast.enabled", "true")))
                .hasSize(3)
                .satisfiesExactly(
                        first -> assertThat(first).startsWith("HOLDFAST_ENABLED is empty"),
                        second -> assertThat(second).startsWith("HOLDFAST_Z is not"),
                        third -> assertThat(third).startsWith("holdfast.enabled is not"));
    }

    @Test
    void valuesAreNeverPrinted() {
        assertThat(guard.problems(Map.of("HOLDFAST_PASSWORD", "s3cret", "HOLDFAST_ENABLD", "s3cret")))
                .hasSize(2)
                .noneMatch(problem -> problem.contains("s3cret"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HOLDFAST_SERVICE_HOST",
                "HOLDFAST_SERVICE_PORT",
                "HOLDFAST_PORT",
                "HOLDFAST_EVICTION_GUARD_SERVICE_HOST",
                "HOLDFAST_EVICTION_GUARD_SERVICE_PORT",
                "HOLDFAST_EVICTION_GUARD_SERVICE_PORT_HTTPS",
                "HOLDFAST_EVICTION_GUARD_PORT",
                "HOLDFAST_EVICTION_GUARD_PORT_443_TCP",
                "HOLDFAST_EVICTION_GUARD_PORT_443_TCP_ADDR",
                "HOLDFAST_EVICTION_GUARD_PORT_443_TCP_PORT",
                "HOLDFAST_EVICTION_GUARD_PORT_443_TCP_PROTO",
                "HOLDFAST_DNS_PORT_53_UDP",
            })
    void whatKubernetesAddsForAServicePasses(String name) {
        assertThat(guard.problems(Map.of(name, "tcp://10.0.0.1:443"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HOLDFAST_SERVICE",
                "HOLDFAST_PORTS",
                "HOLDFAST_GUARD_SERVICE_HOSTS",
                "HOLDFAST_GUARD_PORT_443",
                "HOLDFAST_GUARD_PORT_X_TCP",
                "HOLDFAST_PASSPORT",
                "holdfast_guard_service_host",
            })
    void whatOnlyLooksLikeAServiceDoesNotPass(String name) {
        assertThat(guard.problems(Map.of(name, "1"))).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({"HOLDFASTER_THAN_THAT", "MY_HOLDFAST_X", "HOLDFAST", "holdfastness"})
    void variablesOfOthersAreNoConcernOfOurs(String name) {
        assertThat(guard.problems(Map.of(name, ""))).isEmpty();
    }

    @Test
    void ownVariableMustNotHaveTheNameOfAServiceLink() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new EnvironmentGuard(List.of("HOLDFAST_RESIZE_PORT")))
                .withMessage("Kubernetes may set it for a Service: HOLDFAST_RESIZE_PORT");
    }

    @Test
    void guardOfAllProcessesKnowsTheVariablesOfEach() {
        Map<String, String> environment =
                Map.of("HOLDFAST_ENTRYPOINT_NEXT", "/entry", "HOLDFAST_ENTRYPOINT_NXT", "/entry");

        assertThat(EnvironmentGuard.ofAllProcesses().problems(environment))
                .containsExactly(
                        "HOLDFAST_ENTRYPOINT_NXT is not a Holdfast variable; did you mean HOLDFAST_ENTRYPOINT_NEXT?");
    }

    @Test
    void variablesOfOtherProcessesAreFound() {
        Map<String, String> environment = Map.of("HOLDFAST_ENABLED", "true", "HOLDFAST_OTHER", "1", "HOME", "/");

        assertThat(EnvironmentGuard.ofOthers("flink-container", environment)).isEmpty();
    }
}
