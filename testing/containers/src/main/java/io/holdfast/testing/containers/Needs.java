package io.holdfast.testing.containers;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.Optional;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * Skips a test where a {@link Tool} is not installed, with one line on standard output that says how to get it.
 *
 * <pre>{@code
 * @Needs({Tool.PODMAN, Tool.REGISTRY})
 * class PodIT { … }
 * }</pre>
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@ExtendWith(Needs.Condition.class)
public @interface Needs {

    Tool[] value();

    /** Looks before anything of the test is created. */
    final class Condition implements ExecutionCondition {

        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            return AnnotationSupport.findAnnotation(context.getElement(), Needs.class)
                    .flatMap(needs -> firstProblem(needs.value()))
                    .map(problem -> {
                        System.out.printf(
                                "SKIPPED %s%s: %s.%n",
                                context.getRequiredTestClass().getSimpleName(),
                                context.getTestMethod()
                                        .map(method -> "." + method.getName())
                                        .orElse(""),
                                problem);
                        return ConditionEvaluationResult.disabled(problem);
                    })
                    .orElseGet(() -> ConditionEvaluationResult.enabled("all tools are there"));
        }

        private static Optional<String> firstProblem(Tool[] tools) {
            for (Tool tool : tools) {
                Optional<String> problem = tool.problem();
                if (problem.isPresent()) {
                    return problem;
                }
            }
            return Optional.empty();
        }
    }
}
