package io.holdfast.demo;

import io.holdfast.base.Disposition;
import io.holdfast.base.ExitCode;
import io.holdfast.base.HoldfastException;
import io.holdfast.demo.DemoArguments.UsageException;
import io.holdfast.testing.FreePort;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;

/** {@code ./holdfast demo}: the main class. Exit codes are those of {@link DemoArguments#USAGE}. */
public final class Demo {

    private static final int PROMISE_BROKEN = 1;
    private static final int WRONG_USAGE = 2;

    private final DemoArguments arguments;
    private final PrintStream out;

    private Demo(DemoArguments arguments, PrintStream out) {
        this.arguments = arguments;
        this.out = out;
    }

    public static void main(String[] args) {
        System.exit(run(List.of(args), System.out, System.err));
    }

    static int run(List<String> args, PrintStream out, PrintStream err) {
        try {
            DemoArguments arguments = DemoArguments.parse(args);
            if (arguments.help()) {
                out.print(DemoArguments.USAGE);
                return ExitCode.DONE;
            }
            return new Demo(arguments, out).show();
        } catch (UsageException e) {
            err.println(e.getMessage());
            err.println();
            err.print(DemoArguments.USAGE);
            return WRONG_USAGE;
        } catch (HoldfastException e) {
            err.println(e.getMessage());
            return ExitCode.BAD_CONFIGURATION;
        } catch (IOException | RuntimeException e) {
            err.println(e.getMessage());
            e.printStackTrace(err);
            return ExitCode.INTERNAL;
        }
    }

    private int show() throws IOException {
        Installation installation = Installation.find(home(), arguments.flinkMinor());
        checkPort();
        Schedule schedule = Schedule.of(arguments.quick());
        Progress progress = new Progress(out);
        RunResult holdfast;
        RunResult stock;
        if (arguments.keep()) { // the cluster that stays must not take the other one's processor
            stock = runOf(Mode.STOCK, installation, schedule, progress).run(false);
            holdfast = runOf(Mode.HOLDFAST, installation, schedule, progress).run(true);
        } else {
            holdfast = runOf(Mode.HOLDFAST, installation, schedule, progress).run(false);
            stock = runOf(Mode.STOCK, installation, schedule, progress).run(false);
        }
        ReportPage.write(installation.report(), holdfast, stock);
        out.println();
        out.print(Comparison.of(holdfast, stock).text());
        out.println();
        out.println("Report: " + installation.report());
        List<String> broken = Promise.broken(holdfast);
        if (broken.isEmpty()) {
            out.println(
                    "The job never left RUNNING, only the tasks that were hit restarted, and the eviction cost no record.");
            return ExitCode.DONE;
        }
        out.println("Holdfast did not keep its promise:");
        broken.forEach(reason -> out.println("  " + reason));
        out.println("Logs: " + installation.runDirectory(Mode.HOLDFAST));
        return PROMISE_BROKEN;
    }

    private DemoRun runOf(Mode mode, Installation installation, Schedule schedule, Progress progress) {
        return new DemoRun(mode, installation, schedule, arguments.restPort(), progress);
    }

    private void checkPort() {
        int port = arguments.restPort();
        if (port != 0 && !FreePort.isFree(port)) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "Port %d on 127.0.0.1 is in use".formatted(port),
                    "End what listens there, choose another with --port, or leave --port out to take a free one");
        }
    }

    private static Path home() {
        String home = System.getProperty(Installation.HOME_PROPERTY);
        if (home == null) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "The system property " + Installation.HOME_PROPERTY + " is not set",
                    "Start the demo with ./holdfast demo");
        }
        return Path.of(home);
    }
}
