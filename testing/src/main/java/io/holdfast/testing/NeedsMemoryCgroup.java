package io.holdfast.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips a test where no {@link MemoryCgroup} can be made, with one line on standard output that says what would help. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@ExtendWith(NeedsMemoryCgroup.Condition.class)
public @interface NeedsMemoryCgroup {

    /** Looks before anything of the test is created. */
    final class Condition implements ExecutionCondition {

        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            return MemoryCgroup.problem()
                    .map(problem -> {
                        System.out.printf(
                                "SKIPPED %s: %s.%n",
                                context.getRequiredTestClass().getSimpleName(), problem);
                        return ConditionEvaluationResult.disabled(problem);
                    })
                    .orElseGet(() -> ConditionEvaluationResult.enabled("memory cgroups can be made"));
        }
    }
}
