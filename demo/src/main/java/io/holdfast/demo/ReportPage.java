package io.holdfast.demo;

import io.holdfast.demo.Comparison.Row;
import io.holdfast.demo.Comparison.Section;
import io.holdfast.demo.RunResult.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The report: one HTML file without script or outside resources, readable in light and dark. */
final class ReportPage {

    private static final String TEMPLATE = "report.html";

    private ReportPage() {}

    static void write(Path file, RunResult holdfast, RunResult stock) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, render(holdfast, stock));
    }

    static String render(RunResult holdfast, RunResult stock) {
        Map<String, String> parts = Map.of(
                "flink", escaped(holdfast.flinkVersion()),
                "setting", escaped(setting(holdfast)),
                "verdict", verdict(Promise.broken(holdfast)),
                "headlines", headlines(holdfast, stock),
                "chart", new ThroughputChart(holdfast, stock).svg(),
                "rows", rows(Comparison.of(holdfast, stock)),
                "task", escaped(holdfast.blow(Kind.TASK).target()),
                "taskManager", escaped(holdfast.blow(Kind.TASK_MANAGER).target()),
                "evicted", escaped(holdfast.blow(Kind.EVICTION).target()),
                "bucket", RunResult.BUCKET_MILLIS + " ms");
        String page = template();
        for (Map.Entry<String, String> part : parts.entrySet()) {
            page = page.replace("{{" + part.getKey() + "}}", part.getValue());
        }
        return page;
    }

    private static String setting(RunResult run) {
        return "%d TaskManagers, %d tasks, %s flights per second"
                .formatted(
                        Schedule.TASK_MANAGERS,
                        run.tasks(),
                        Figures.count(Schedule.of(false).flightsPerSecond()));
    }

    private static String verdict(List<String> broken) {
        if (broken.isEmpty()) {
            return "<p class='verdict kept'>The job never left RUNNING, only the tasks that were hit restarted, and those of the"
                    + " TaskManager that was evicted moved without loss.</p>";
        }
        StringBuilder html = new StringBuilder(
                "<div class='verdict broken'><p>In this run Holdfast did not keep its promise.</p><ul>");
        broken.forEach(reason -> html.append("<li>").append(escaped(reason)).append("</li>"));
        return html.append("</ul></div>").toString();
    }

    private static String headlines(RunResult holdfast, RunResult stock) {
        return headline(
                        "Whole output stood still when a task failed",
                        Figures.millis(holdfast.blow(Kind.TASK).gapMillis()),
                        Figures.millis(stock.blow(Kind.TASK).gapMillis()))
                + headline(
                        "Whole output stood still when a TaskManager was killed",
                        Figures.millis(holdfast.blow(Kind.TASK_MANAGER).gapMillis()),
                        Figures.millis(stock.blow(Kind.TASK_MANAGER).gapMillis()))
                + headline(
                        "Whole output stood still when a TaskManager was evicted",
                        Figures.millis(holdfast.blow(Kind.EVICTION).gapMillis()),
                        Figures.millis(stock.blow(Kind.EVICTION).gapMillis()))
                + headline(
                        "Tasks restarted or moved",
                        Figures.count(holdfast.tasksRestarted()),
                        Figures.count(stock.tasksRestarted()))
                + headline(
                        "Times the job left RUNNING",
                        Figures.count(holdfast.timesNotRunning()),
                        Figures.count(stock.timesNotRunning()))
                + headline(
                        "Flights lost, of " + Figures.count(holdfast.verdict().expected()),
                        Figures.count(holdfast.verdict().lost()),
                        Figures.count(stock.verdict().lost()))
                + headline(
                        "Flights repeated",
                        Figures.count(holdfast.verdict().repeated()),
                        Figures.count(stock.verdict().repeated()));
    }

    private static String headline(String title, String holdfast, String stock) {
        return """
                <section class="card">
                  <h2>%s</h2>
                  <p class="big holdfast">%s</p>
                  <p class="beside"><span class="key">Stock Flink</span> %s</p>
                </section>
                """.formatted(escaped(title), escaped(holdfast), escaped(stock));
    }

    private static String rows(Comparison comparison) {
        StringBuilder html = new StringBuilder();
        for (Section section : comparison.sections()) {
            html.append("<tbody>\n<tr class='section'><th colspan='3' scope='rowgroup'>")
                    .append(escaped(section.title()))
                    .append("</th></tr>\n");
            for (Row row : section.rows()) {
                html.append("<tr><th scope='row'>%s</th><td>%s</td><td>%s</td></tr>\n"
                        .formatted(escaped(row.label()), escaped(row.holdfast()), escaped(row.stock())));
            }
            html.append("</tbody>\n");
        }
        return html.toString();
    }

    private static String template() {
        try (InputStream in = ReportPage.class.getResourceAsStream(TEMPLATE)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
