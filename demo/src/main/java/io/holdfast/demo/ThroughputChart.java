package io.holdfast.demo;

import io.holdfast.demo.RunResult.Blow;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Throughput of both runs over time as inline SVG: one panel per run on a common time axis, each blow a vertical line,
 * each standstill shaded. Colours come from the page's style sheet.
 */
final class ThroughputChart {

    private static final int WIDTH = 1080;
    private static final int LEFT = 58;
    private static final int RIGHT = 14;
    private static final int PANEL_HEIGHT = 168;
    private static final int PANEL_TOP = 62;
    private static final int PANEL_PITCH = PANEL_HEIGHT + 108;
    private static final int BELOW_PANEL = 26;
    /** Catching up after a standstill is many times faster than the stream; the axis is cut so that the rest shows. */
    private static final double CUT = 2.2;
    /** Below this share of the usual throughput a bucket counts as standstill. */
    private static final double STANDSTILL = 0.03;

    private final List<RunResult> runs;
    private final double seconds;
    private final double usual;
    private final double top;

    ThroughputChart(RunResult holdfast, RunResult stock) {
        this.runs = List.of(holdfast, stock);
        int buckets = Math.max(1, Math.max(holdfast.perSecond().length, stock.perSecond().length));
        this.seconds = buckets * RunResult.BUCKET_MILLIS / 1000.0;
        this.usual = Math.max(1, median(stock.perSecond()));
        this.top = niceCeiling(usual * CUT);
    }

    String svg() {
        int height = PANEL_TOP + (runs.size() - 1) * PANEL_PITCH + PANEL_HEIGHT + BELOW_PANEL;
        StringBuilder svg = new StringBuilder();
        append(
                svg,
                "<svg class='chart' viewBox='0 0 %d %d' role='img' aria-label='Throughput of both runs over time'>%n",
                WIDTH,
                height);
        for (int i = 0; i < runs.size(); i++) {
            panel(svg, runs.get(i), PANEL_TOP + i * PANEL_PITCH, i + 1 == runs.size());
        }
        return svg.append("</svg>\n").toString();
    }

    private void panel(StringBuilder svg, RunResult run, int panelTop, boolean last) {
        String name = run.mode().name().toLowerCase(Locale.ROOT);
        int bottom = panelTop + PANEL_HEIGHT;
        append(
                svg,
                "<g class='%s'>%n<text class='panel-title' x='%d' y='%d'>%s</text>%n",
                name,
                LEFT,
                panelTop - 46,
                run.mode() == Mode.HOLDFAST ? "With Holdfast" : "Stock Flink");
        yAxis(svg, panelTop);
        standstills(svg, run, panelTop);
        append(svg, "<path class='area' d='%s'/>%n", path(run, panelTop, true));
        append(svg, "<path class='line' d='%s'/>%n", path(run, panelTop, false));
        peaks(svg, run, panelTop);
        run.blows().forEach(blow -> mark(svg, run, blow, panelTop));
        append(svg, "<line class='base' x1='%d' x2='%d' y1='%d' y2='%3$d'/>%n", LEFT, WIDTH - RIGHT, bottom);
        xAxis(svg, bottom, last);
        svg.append("</g>\n");
    }

    private void yAxis(StringBuilder svg, int panelTop) {
        for (double value = 0; value <= top + 1; value += top / 4) {
            append(
                    svg,
                    "<line class='grid' x1='%d' x2='%d' y1='%.1f' y2='%3$.1f'/>"
                            + "<text class='tick' x='%4$d' y='%5$.1f' text-anchor='end'>%6$s</text>%n",
                    LEFT,
                    WIDTH - RIGHT,
                    y(value, panelTop),
                    LEFT - 8,
                    y(value, panelTop) + 4,
                    value == 0 ? "0" : thousands(value));
        }
    }

    private void xAxis(StringBuilder svg, int bottom, boolean last) {
        int step = seconds > 30 ? 5 : 2;
        for (int second = 0; second <= seconds; second += step) {
            boolean unit = last && second + step > seconds;
            append(
                    svg,
                    "<text class='tick' x='%.1f' y='%d' text-anchor='middle'>%d%s</text>%n",
                    x(second),
                    bottom + 18,
                    second,
                    unit ? " s" : "");
        }
    }

    private String path(RunResult run, int panelTop, boolean closed) {
        long[] values = run.perSecond();
        List<String> points = new ArrayList<>();
        for (int i = 0; i < values.length; i++) {
            points.add(String.format(Locale.ROOT, "%.1f %.1f", x(middle(i)), y(values[i], panelTop)));
        }
        if (points.isEmpty()) {
            return "";
        }
        String line = "M" + String.join("L", points);
        int bottom = panelTop + PANEL_HEIGHT;
        return closed
                ? line
                        + String.format(
                                Locale.ROOT,
                                "L%.1f %dL%.1f %d Z",
                                x(middle(values.length - 1)),
                                bottom,
                                x(middle(0)),
                                bottom)
                : line;
    }

    /** Shades each stretch without output and says how long the blow before it silenced the job. */
    private void standstills(StringBuilder svg, RunResult run, int panelTop) {
        long[] values = run.perSecond();
        int from = -1;
        for (int i = 0; i <= values.length; i++) {
            boolean still = i < values.length && values[i] < usual * STANDSTILL;
            if (still && from < 0) {
                from = i;
            } else if (!still && from >= 0) {
                double begin = x(from * RunResult.BUCKET_MILLIS / 1000.0);
                double end = x(i * RunResult.BUCKET_MILLIS / 1000.0);
                append(
                        svg,
                        "<rect class='still' x='%.1f' y='%d' width='%.1f' height='%d'/>%n",
                        begin,
                        panelTop,
                        end - begin,
                        PANEL_HEIGHT);
                from = -1;
            }
        }
    }

    /** The heights of what the cut axis hides. */
    private void peaks(StringBuilder svg, RunResult run, int panelTop) {
        long[] values = run.perSecond();
        long peak = 0;
        int at = -1;
        for (int i = 0; i <= values.length; i++) {
            if (i < values.length && values[i] > top) {
                if (values[i] > peak) {
                    peak = values[i];
                    at = i;
                }
            } else if (at >= 0) {
                append(
                        svg,
                        "<text class='peak' x='%.1f' y='%d'>▲ %s/s catching up</text>%n",
                        x(middle(at)) + 8,
                        panelTop + 12,
                        thousands(peak));
                peak = 0;
                at = -1;
            }
        }
    }

    private void mark(StringBuilder svg, RunResult run, Blow blow, int panelTop) {
        double at = x((blow.atMillis() - run.startMillis()) / 1000.0);
        append(
                svg,
                "<line class='mark' x1='%.1f' x2='%1$.1f' y1='%d' y2='%d'/>"
                        + "<circle class='dot' cx='%1$.1f' cy='%2$d' r='3.5'/>"
                        + "<text class='mark-label' x='%4$.1f' y='%5$d'>%6$s</text>"
                        + "<text class='mark-note' x='%4$.1f' y='%7$d'>longest pause %8$s</text>%n",
                at,
                panelTop - 14,
                panelTop + PANEL_HEIGHT,
                at + 8,
                panelTop - 22,
                blow.kind().mark(),
                panelTop - 8,
                Figures.millis(blow.gapMillis()));
    }

    private double x(double second) {
        return LEFT + second / seconds * (WIDTH - LEFT - RIGHT);
    }

    private double y(double perSecond, int panelTop) {
        return panelTop + PANEL_HEIGHT * (1 - Math.min(perSecond, top) / top);
    }

    private static double middle(int bucket) {
        return (bucket + 0.5) * RunResult.BUCKET_MILLIS / 1000.0;
    }

    private static double median(long[] values) {
        long[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted.length == 0 ? 0 : sorted[sorted.length / 2];
    }

    /** The next of 1, 2, 4, 8, 10 times a power of ten: a quarter of it is a round number too. */
    static double niceCeiling(double value) {
        double power = Math.pow(10, Math.floor(Math.log10(value)));
        for (double factor : new double[] {1, 2, 4, 8}) {
            if (value <= factor * power) {
                return factor * power;
            }
        }
        return 10 * power;
    }

    private static String thousands(double value) {
        double thousands = value / 1000;
        return thousands == Math.rint(thousands) || thousands >= 10
                ? String.format(Locale.ROOT, "%.0fk", thousands)
                : String.format(Locale.ROOT, "%.1fk", thousands);
    }

    private static void append(StringBuilder svg, String format, Object... arguments) {
        svg.append(String.format(Locale.ROOT, format, arguments));
    }
}
