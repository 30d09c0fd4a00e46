package io.holdfast.benchmarks.resize;

import io.holdfast.benchmarks.Figures;
import io.holdfast.benchmarks.job.LoadedJob;
import io.holdfast.testing.FlinkProcessesBuilder;
import io.holdfast.testing.MemoryCgroup;
import io.holdfast.testing.TaskManagerStart;
import io.holdfast.testing.resize.AgentSocket;
import io.holdfast.testing.resize.ElasticTaskManager;
import io.holdfast.testing.resize.ResizeSidecar;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A TaskManager with agent, elastic network memory and sidecar that gets a larger limit and a smaller one in turn, under a
 * steady load whose need for memory rises and falls with it: its heap is full when the smaller limit is asked for.
 */
final class Cycles {

    private static final Duration GROWTH = Duration.ofSeconds(30);
    private static final int WARM_UP_MILLIS = 10_000;
    /** An application that is short of heap at that moment gets it, and the shrink is refused. */
    private static final int MOST_ATTEMPTS = 5;

    private static final int BETWEEN_ATTEMPTS_MILLIS = 500;
    private static final int BETWEEN_CYCLES_MILLIS = 2_000;

    private final Scale scale;
    private final Build build;
    private final Path sidecarJava;
    private final Path directory;
    private final Path socket;
    private final Consumer<String> log;

    /** @param socket of the agent */
    Cycles(Scale scale, Build build, Path sidecarJava, Path directory, Path socket, Consumer<String> log) {
        this.scale = scale;
        this.build = build;
        this.sidecarJava = sidecarJava;
        this.directory = directory;
        this.socket = socket;
        this.log = log;
    }

    Map<String, Object> run() throws IOException {
        Map<String, Object> figures = new LinkedHashMap<>();
        try (MemoryCgroup cgroup = MemoryCgroup.create("resize", scale.smallBytes());
                LoadedCluster cluster = start(cgroup);
                ResizeSidecar sidecar = sidecar(cgroup)) {
            LoadedCluster.await("the sidecar", GROWTH, () -> sidecar.isStable());
            LoadedCluster.sleep(WARM_UP_MILLIS);
            figures.putAll(idle(sidecar));
            List<Cycle> cycles = new ArrayList<>();
            for (int number = 1; number <= scale.cycles(); number++) {
                Cycle cycle = cycle(number, cgroup, cluster, sidecar);
                cycles.add(cycle);
                log.accept(line(cycle));
            }
            figures.put("sidecar_rss_mib", sidecar.memoryMiB("VmRSS"));
            figures.put("sidecar_rss_anonymous_mib", sidecar.memoryMiB("RssAnon"));
            long restarts = cluster.restarts();
            String state = cluster.jobState();
            LoadedCluster.Judgement judgement = cluster.finish();
            log.accept("output: " + judgement.verdict() + ", damaged: " + judgement.damages());
            figures.put(
                    "cycles",
                    cycles.stream().filter(cycle -> cycle.problem().isEmpty()).count());
            figures.put("task_restarts", restarts);
            figures.put("oom_kills", cgroup.oomKills());
            figures.put("insufficient_buffers", cluster.tooFewBuffers());
            figures.put("job_state", state);
            figures.put("lost_records", judgement.verdict().lost());
            figures.put("repeated_records", judgement.verdict().repeated());
            figures.put("damaged_records", judgement.damages().size());
            figures.putAll(times(cycles, judgement));
        }
        return figures;
    }

    private LoadedCluster start(MemoryCgroup cgroup) throws IOException {
        FlinkProcessesBuilder builder = scale.sizes(build.holdfast(directory.resolve("holdfast")));
        ElasticTaskManager elastic = new ElasticTaskManager(
                build.agentJar(),
                socket,
                builder.taskManagerHeapMiB() + scale.addedHeapMiB(),
                scale.networkMiB() + scale.offHeapMiB() + scale.largeMiB() - scale.smallMiB());
        Path java = Path.of(System.getProperty("java.home"));
        builder.taskManagerStarts(name -> name.equals("tm-2")
                ? TaskManagerStart.USUAL
                : elastic.start(java, cgroup).withFlags(List.of(LoadedJob.FLAG)));
        return LoadedCluster.start(builder, directory, scale.work());
    }

    private ResizeSidecar sidecar(MemoryCgroup cgroup) {
        return ResizeSidecar.start(
                sidecarJava,
                build.sidecar(),
                build.sidecarArguments(),
                directory.resolve("sidecar"),
                Map.of(
                        "HOLDFAST_RESIZE_AGENT_SOCKET",
                        socket.toString(),
                        "HOLDFAST_RESIZE_CGROUP",
                        cgroup.directory().toString(),
                        "HOLDFAST_RESIZE_BASELINE",
                        scale.smallMiB() + "Mi",
                        "HOLDFAST_RESIZE_NETWORK",
                        "always",
                        "HOLDFAST_RESIZE_COOLDOWN",
                        "0s"));
    }

    private Map<String, Object> idle(ResizeSidecar sidecar) {
        long beginNanos = System.nanoTime();
        Duration before = sidecar.cpu();
        LoadedCluster.sleep(scale.idleSeconds() * 1_000L);
        Duration used = sidecar.cpu().minus(before);
        double percent = 100.0 * used.toNanos() / (System.nanoTime() - beginNanos);
        double rss = sidecar.memoryMiB("VmRSS");
        log.accept(String.format(Locale.ROOT, "sidecar without work: %.1f MiB, %.2f %% of a core", rss, percent));
        return Map.of("sidecar_idle_cpu_percent", percent, "sidecar_idle_rss_mib", rss);
    }

    private Cycle cycle(int number, MemoryCgroup cgroup, LoadedCluster cluster, ResizeSidecar sidecar) {
        double growMillis = grow(cgroup);
        boolean stable = LoadedCluster.became(GROWTH, sidecar::isStable);
        cluster.live(scale.peakMiB());
        cluster.awaitLive();
        cluster.live(scale.liveMiB());
        cluster.awaitLive();
        long usage = cgroup.usageBytes();

        long fromMillis = System.currentTimeMillis();
        long fromNanos = System.nanoTime();
        ResizeSidecar.Answer answer = sidecar.prepare(scale.smallBytes());
        int refusals = 0;
        while (!answer.outcome().equals("ready") && ++refusals < MOST_ATTEMPTS) { // as whoever wants it would
            log.accept("cycle %d: %s, tried again: %s".formatted(number, answer.outcome(), answer.message()));
            LoadedCluster.sleep(BETWEEN_ATTEMPTS_MILLIS);
            answer = sidecar.prepare(scale.smallBytes());
        }
        double took = (System.nanoTime() - fromNanos) / 1e6;
        Optional<Double> ready = answer.outcome().equals("ready") ? Optional.of(took) : Optional.empty();
        long usageAtReady = cgroup.usageBytes();
        String problem = stable ? "" : "The larger limit was not followed. ";
        boolean accepted = false;
        if (ready.isPresent()) {
            LoadedCluster.sleep(Scale.UNTIL_LIMIT_MILLIS);
            accepted = cgroup.limit(scale.smallBytes());
            if (!accepted || !LoadedCluster.became(GROWTH, sidecar::isStable)) {
                problem += accepted ? "The smaller limit was not noticed." : "The kernel refused the smaller limit.";
            }
        } else {
            problem += "Not ready: %s".formatted(answer.body());
        }
        LoadedCluster.sleep(BETWEEN_CYCLES_MILLIS);
        return new Cycle(
                number,
                growMillis,
                usage,
                fromMillis,
                ready,
                refusals,
                usageAtReady,
                ready.isPresent() && usageAtReady < scale.smallBytes(),
                accepted,
                problem);
    }

    /** How long it takes until every part of memory has its larger size; NaN if it never does, or had it already. */
    private double grow(MemoryCgroup cgroup) {
        if (cgroup.limitBytes() == scale.largeBytes()) {
            return Double.NaN; // the last cycle has not shrunk it
        }
        try (AgentSocket agent = new AgentSocket(socket)) {
            AgentSocket.Status before = agent.status();
            long fromNanos = System.nanoTime();
            if (!cgroup.limit(scale.largeBytes())) {
                throw new IllegalStateException("The kernel refuses a larger limit.");
            }
            boolean grown = LoadedCluster.became(GROWTH, () -> {
                AgentSocket.Status now = agent.status();
                return now.heapCeiling() > before.heapCeiling()
                        && now.directLimit() > before.directLimit()
                        && now.networkTarget() > before.networkTarget()
                        && now.networkSize() >= now.networkTarget();
            });
            return grown ? (System.nanoTime() - fromNanos) / 1e6 : Double.NaN;
        }
    }

    private Map<String, Object> times(List<Cycle> cycles, LoadedCluster.Judgement judgement) {
        List<Double> grow = cycles.stream()
                .map(Cycle::growMillis)
                .filter(millis -> !millis.isNaN())
                .toList();
        List<Double> ready =
                cycles.stream().flatMap(cycle -> cycle.readyMillis().stream()).toList();
        List<LoadedCluster.Output> outputs = cycles.stream()
                .map(cycle -> judgement.between(
                        cycle.shrinkFromMillis(),
                        cycle.shrinkFromMillis()
                                + Math.round(cycle.readyMillis().orElse(1.0)),
                        Scale.RECORDS_PER_SECOND))
                .toList();
        List<Double> ratios = outputs.stream().map(LoadedCluster.Output::ratio).toList();
        List<Long> gaps = outputs.stream().map(LoadedCluster.Output::gapMillis).toList();
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put(
                "shrink_verified_before_limit_ratio",
                Figures.ratio(cycles.stream().filter(Cycle::verified).count(), ready.size()));
        figures.put(
                "shrink_limit_accepted_ratio",
                Figures.ratio(cycles.stream().filter(Cycle::accepted).count(), ready.size()));
        figures.put(
                "shrink_refused_attempts",
                cycles.stream().mapToInt(Cycle::refusals).sum());
        figures.put("grow_effective_ms_p50", Figures.median(grow));
        figures.put("grow_effective_ms_p99", Figures.percentile(grow, 99));
        figures.put("grow_effective_ms_max", Figures.max(grow));
        figures.put("shrink_ready_ms_p50", Figures.median(ready));
        figures.put("shrink_ready_ms_p99", Figures.percentile(ready, 99));
        figures.put("shrink_ready_ms_max", Figures.max(ready));
        figures.put(
                "usage_before_shrink_mib_p50",
                Figures.median(
                        cycles.stream().map(cycle -> cycle.usageBytes() >> 20).toList()));
        figures.put(
                "usage_at_ready_mib_p50",
                Figures.median(cycles.stream()
                        .map(cycle -> cycle.usageAtReadyBytes() >> 20)
                        .toList()));
        figures.put("throughput_ratio_during_shrink", Figures.median(ratios));
        figures.put("output_gap_during_shrink_ms_p50", Figures.median(gaps));
        figures.put("output_gap_during_shrink_ms_max", Figures.max(gaps));
        List<Map<String, Object>> raw = new ArrayList<>();
        for (int i = 0; i < cycles.size(); i++) {
            raw.add(cycles.get(i).raw(outputs.get(i)));
        }
        figures.put("cycle_runs", raw);
        return figures;
    }

    private static String line(Cycle cycle) {
        return String.format(
                Locale.ROOT,
                "cycle %d: grown in %.0f ms; %d MiB in use, ready for less in %s ms with %d MiB, limit %s%s",
                cycle.number(),
                cycle.growMillis(),
                cycle.usageBytes() >> 20,
                cycle.readyMillis().map(millis -> "%.0f".formatted(millis)).orElse("no"),
                cycle.usageAtReadyBytes() >> 20,
                cycle.accepted() ? "taken" : "not taken",
                cycle.problem().isEmpty() ? "" : ". PROBLEM: " + cycle.problem());
    }
}
