package io.holdfast.demo;

import io.holdfast.demo.RunResult.Blow;
import io.holdfast.demo.RunResult.Kind;
import io.holdfast.demo.RunResult.Moved;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/** Both runs side by side: the one table that the console and the report show. */
record Comparison(List<Section> sections) {

    private static final int LABEL_WIDTH = 46;
    private static final int VALUE_WIDTH = 34;

    /** Rows about one blow, or about the whole run. */
    record Section(String title, List<Row> rows) {}

    /** One measure of both runs. */
    record Row(String label, String holdfast, String stock) {}

    static Comparison of(RunResult holdfast, RunResult stock) {
        List<Section> sections = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            sections.add(section(kind, holdfast, stock));
        }
        sections.get(Kind.EVICTION.ordinal())
                .rows()
                .addAll(List.of(
                        moved(
                                "Moved before it ended",
                                move -> "%d tasks in %s, %s"
                                        .formatted(move.tasks(), Figures.millis(move.tookMillis()), move.how()),
                                holdfast,
                                stock),
                        moved(
                                "A moved task did not run for",
                                move -> Figures.millis(move.pauseMillis()),
                                holdfast,
                                stock),
                        moved("Records lost by it", move -> Figures.count(move.lostRecords()), holdfast, stock)));
        sections.add(new Section(
                "The whole run",
                List.of(
                        new Row("State of the job", states(holdfast), states(stock)),
                        new Row("Flights emitted", emitted(holdfast), emitted(stock)),
                        new Row("Lost", lost(holdfast), lost(stock)),
                        new Row("Repeated", repeated(holdfast), repeated(stock)),
                        ledger("Incidents in Holdfast's ledger", Incidents::count, holdfast, stock),
                        ledger("Records it counts as lost, by edge", Incidents::lostRecords, holdfast, stock),
                        ledger("Records it counts as delivered", Incidents::deliveredRecords, holdfast, stock))));
        return new Comparison(sections);
    }

    /** For the console: fixed columns. */
    String text() {
        StringBuilder text = new StringBuilder(line("", Mode.HOLDFAST.label(), Mode.STOCK.label()));
        for (Section section : sections) {
            text.append(section.title()).append('\n');
            section.rows().forEach(row -> text.append(line("  " + row.label(), row.holdfast(), row.stock())));
        }
        return text.toString();
    }

    private static String line(String label, String holdfast, String stock) {
        return String.format(Locale.ROOT, "%-" + LABEL_WIDTH + "s%-" + VALUE_WIDTH + "s%s", label, holdfast, stock)
                        .stripTrailing()
                + "\n";
    }

    private static Section section(Kind kind, RunResult holdfast, RunResult stock) {
        Blow with = holdfast.blow(kind);
        Blow without = stock.blow(kind);
        return new Section(
                kind.title(),
                new ArrayList<>(List.of(
                        new Row("Tasks hit", hit(with), hit(without)),
                        new Row("Tasks restarted", restarted(with, holdfast), restarted(without, stock)),
                        new Row(
                                "Whole output stood still",
                                Figures.millis(with.gapMillis()),
                                Figures.millis(without.gapMillis())),
                        new Row(
                                "Output through the tasks hit stood still",
                                Figures.millis(with.hitGapMillis()),
                                Figures.millis(without.hitGapMillis())),
                        new Row("Job not RUNNING", notRunning(with), notRunning(without)))));
    }

    private static String hit(Blow blow) {
        return blow.tasksHit() + " (" + blow.target() + ")";
    }

    private static String restarted(Blow blow, RunResult run) {
        return blow.tasksRestarted() + " of " + run.tasks();
    }

    private static String notRunning(Blow blow) {
        return blow.notRunningMillis() == 0 ? "never" : "about " + Figures.millis(blow.notRunningMillis());
    }

    private static String states(RunResult run) {
        if (run.alwaysRunning()) {
            return "RUNNING throughout";
        }
        return "restarted %d times (%s)"
                .formatted(
                        run.timesNotRunning(),
                        run.states().stream()
                                .filter(state -> !state.equals("RUNNING"))
                                .distinct()
                                .collect(Collectors.joining(", ")));
    }

    private static String emitted(RunResult run) {
        return Figures.count(run.verdict().expected());
    }

    private static String lost(RunResult run) {
        return Figures.share(run.verdict().lost(), run.verdict().expected());
    }

    private static String repeated(RunResult run) {
        return Figures.share(run.verdict().repeated(), run.verdict().expected());
    }

    private static Row moved(String label, Function<Moved, String> value, RunResult holdfast, RunResult stock) {
        return new Row(
                label,
                holdfast.move().map(value).orElse("–"),
                stock.move().map(value).orElse("–"));
    }

    private static Row ledger(String label, ToLongFunction<Incidents> count, RunResult holdfast, RunResult stock) {
        return new Row(label, ledger(count, holdfast), ledger(count, stock));
    }

    private static String ledger(ToLongFunction<Incidents> count, RunResult run) {
        return run.incidents()
                .map(incidents -> Figures.count(count.applyAsLong(incidents)))
                .orElse("–");
    }
}
