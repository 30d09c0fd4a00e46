package io.holdfast.quarkus;

import io.holdfast.base.ExitCode;
import io.holdfast.base.HoldfastException;
import io.smallrye.config.ConfigValidationException;
import java.net.BindException;
import java.util.List;
import java.util.Optional;

/**
 * How a program ends that did not end by itself.
 *
 * @param sentences for people, one per problem
 * @param unexpected what no sentence can explain; its stack trace is printed
 */
record Ending(int exitCode, List<String> sentences, Optional<Throwable> unexpected) {

    static Ending badConfiguration(List<String> sentences) {
        return new Ending(ExitCode.BAD_CONFIGURATION, sentences, Optional.empty());
    }

    /**
     * Decides by the first known exception among {@code failure} and its causes:
     *
     * <ul>
     *   <li>{@link ProgramFailure}: the code that it says;
     *   <li>{@link HoldfastException}: RETRYABLE is {@link ExitCode#TRY_AGAIN}, DEGRADED is {@link ExitCode#UNAVAILABLE},
     *       for a program at its start needs what it asks for, and FATAL is {@link ExitCode#BAD_CONFIGURATION}, for somebody
     *       has to change something;
     *   <li>settings that cannot be used: {@link ExitCode#BAD_CONFIGURATION};
     *   <li>an address that cannot be listened at: {@link ExitCode#BAD_CONFIGURATION};
     *   <li>anything else: {@link ExitCode#INTERNAL}.
     * </ul>
     */
    static Ending of(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof ProgramFailure known) {
                return new Ending(known.exitCode(), List.of(known.getMessage()), Optional.empty());
            }
            if (cause instanceof HoldfastException known) {
                return new Ending(exitCode(known), List.of(known.getMessage()), Optional.empty());
            }
            if (cause instanceof ConfigValidationException known) {
                return badConfiguration(SettingProblems.sentences(known));
            }
            if (cause instanceof BindException known) {
                return badConfiguration(
                        List.of(("Cannot listen where the variable that ends with _LISTEN says: %s. Set it to"
                                        + " another address, or end the process that listens there.")
                                .formatted(known.getMessage())));
            }
        }
        Optional<String> setting = SettingProblems.sentence(failure);
        if (setting.isPresent()) {
            return badConfiguration(List.of(setting.get()));
        }
        return new Ending(
                ExitCode.INTERNAL,
                List.of("Failed by an error of its own: %s. Report it, with the stack trace on standard error."
                        .formatted(failure)),
                Optional.of(failure));
    }

    private static int exitCode(HoldfastException failure) {
        return switch (failure.disposition()) {
            case RETRYABLE -> ExitCode.TRY_AGAIN;
            case DEGRADED -> ExitCode.UNAVAILABLE;
            case FATAL -> ExitCode.BAD_CONFIGURATION;
        };
    }
}
