package io.holdfast.quarkus;

import io.holdfast.base.EnvironmentGuard;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.slf4j.LoggerFactory;

/**
 * Starts a Quarkus program, and ends the process with an exit code that says how it went.
 *
 * <p>First of all the environment is checked: a variable that would be ignored stops the start. Whatever ends the program
 * other than by its own return is told in sentences, on standard error and in the termination message; {@link Ending} has
 * the exit codes.
 */
public final class ProgramStart {
    private static final String JSON = "quarkus.log.console.json.enabled";

    private final String process;
    private final String prefix;

    /**
     * @param process the program's section in the list of all variables
     * @param prefix what its variables begin with, such as {@code HOLDFAST_JAR_CACHE}
     */
    public ProgramStart(String process, String prefix) {
        this.process = process;
        this.prefix = prefix;
    }

    /** Runs {@code program} and exits. Returns only if the program did not get as far as to be run. */
    public void run(Class<? extends QuarkusApplication> program, String... arguments) {
        Map<String, String> environment = ProcessEnvironment.variables();
        List<String> problems = EnvironmentGuard.ofAllProcesses().problems(environment);
        if (!problems.isEmpty()) {
            exit(Ending.badConfiguration(problems), environment);
        } else if (arguments.length > 0) {
            exit(
                    Ending.badConfiguration(
                            List.of("Arguments are not read, and the first is '%s'. Remove them; all settings "
                                            .formatted(arguments[0])
                                    + "are variables that begin with " + prefix + "_.")),
                    environment);
        } else {
            runChecked(program, environment);
        }
    }

    private void runChecked(Class<? extends QuarkusApplication> program, Map<String, String> environment) {
        System.setProperty(JSON, Boolean.toString("json".equalsIgnoreCase(environment.get(prefix + "_LOG_FORMAT"))));
        try {
            Quarkus.run(program, (code, failure) -> {
                if (failure == null) {
                    System.exit(code);
                }
                exit(Ending.of(failure), environment);
            });
        } catch (Throwable failure) { // an Error, which Quarkus passes on
            exit(Ending.of(failure), environment);
        }
    }

    /**
     * Logs at INFO which variables of other Holdfast processes are in the environment: rightly so if containers share one
     * block of variables, and a hint otherwise.
     */
    public void tellVariablesOfOthers() {
        List<String> others = EnvironmentGuard.ofOthers(process, ProcessEnvironment.variables());
        if (!others.isEmpty()) {
            LoggerFactory.getLogger(ProgramStart.class)
                    .info("Variables of other processes ignored: variables={}", String.join(",", others));
        }
    }

    private void exit(Ending ending, Map<String, String> environment) {
        PrintStream out = new PrintStream(System.err, true, StandardCharsets.UTF_8);
        ending.sentences().forEach(out::println);
        ending.unexpected().ifPresent(failure -> failure.printStackTrace(out));
        TerminationMessage.of(prefix, environment).write(ending.sentences());
        System.exit(ending.exitCode());
    }
}
