package io.holdfast.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import io.holdfast.benchmarks.job.JobSettings;
import io.holdfast.benchmarks.job.NumbersJob;
import io.holdfast.testing.FlinkProcess;
import io.holdfast.testing.FlinkProcesses;
import io.holdfast.testing.FlinkProcessesBuilder;
import io.holdfast.testing.FlinkRest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A running cluster with the same number of live TaskManagers all the time, as far as it can be helped. */
final class Cluster implements AutoCloseable {

    static final int SLOTS_PER_TASK_MANAGER = 2;

    private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
    private static final int START_ATTEMPTS = 3;
    private static final int POLL_MILLIS = 50;

    private final FlinkProcesses processes;
    private final int taskManagers;

    private Cluster(FlinkProcesses processes, int taskManagers) {
        this.processes = processes;
        this.taskManagers = taskManagers;
    }

    /** As many TaskManagers as {@code parallelism} needs and {@code spare} more; the same timeouts for both engines. */
    static Cluster start(FlinkProcessesBuilder builder, int parallelism, int spare) {
        int taskManagers = (parallelism + SLOTS_PER_TASK_MANAGER - 1) / SLOTS_PER_TASK_MANAGER + spare;
        return startWith(builder, taskManagers, SLOTS_PER_TASK_MANAGER);
    }

    /** So many TaskManagers with so many slots each; otherwise as above. */
    static Cluster startWith(FlinkProcessesBuilder builder, int taskManagers, int slots) {
        builder.taskManagers(taskManagers)
                .slotsPerTaskManager(slots)
                .option("taskmanager.load-balance.mode", "SLOTS")
                .option("heartbeat.interval", "500 ms")
                .option("heartbeat.timeout", "10 s");
        // Flink gives its RPC system 10 s to start, too little for several JVMs at once on a busy machine.
        for (int attempt = 1; ; attempt++) {
            try {
                return new Cluster(builder.start(), taskManagers);
            } catch (IllegalStateException e) {
                if (attempt == START_ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    FlinkRest rest() {
        return processes.rest();
    }

    FlinkProcesses processes() {
        return processes;
    }

    /** Runs the main class of a job and returns the job's id. */
    String submit(Class<?> job, JobSettings settings) {
        return submit(job, settings.toArguments()).get(0);
    }

    /** Runs a main class that submits jobs, with {@code arguments} after the JobManager's address; returns their ids. */
    List<String> submit(Class<?> jobs, List<String> arguments) {
        List<String> all = new ArrayList<>(List.of(
                processes.restAddress().getHost(),
                Integer.toString(processes.restAddress().getPort())));
        all.addAll(arguments);
        String output = processes.run(jobs.getName(), all);
        List<String> ids = output.lines()
                .filter(line -> line.startsWith(NumbersJob.JOB_ID))
                .map(line -> line.substring(NumbersJob.JOB_ID.length()))
                .toList();
        if (ids.isEmpty()) {
            throw new IllegalStateException("No job id in: " + output);
        }
        return ids;
    }

    void awaitRunning(String jobId) {
        await("all tasks running", START_TIMEOUT, () -> {
            List<FlinkRest.Subtask> subtasks = rest().subtasks(jobId);
            return !subtasks.isEmpty()
                    && subtasks.stream().allMatch(subtask -> subtask.status().equals("RUNNING"));
        });
    }

    /** Starts TaskManagers for those that have died, and waits until enough slots are registered. */
    void refill() {
        long alive =
                processes.taskManagers().stream().filter(FlinkProcess::isAlive).count();
        for (; alive < taskManagers; alive++) {
            processes.startTaskManager();
        }
        awaitTaskManagers();
    }

    /** Waits until the full number of TaskManagers lives and is registered. */
    void awaitTaskManagers() {
        await("all TaskManagers registered", START_TIMEOUT, () -> {
            List<String> alive = processes.taskManagers().stream()
                    .filter(FlinkProcess::isAlive)
                    .map(FlinkProcess::name)
                    .toList();
            return alive.size() >= taskManagers && rest().taskManagers().containsAll(alive);
        });
    }

    /** Processor time that the live TaskManagers have used. */
    long taskManagerCpuNanos() {
        return processes.taskManagers().stream()
                .filter(FlinkProcess::isAlive)
                .flatMap(process -> ProcessHandle.of(process.pid()).stream())
                .flatMap(handle -> handle.info().totalCpuDuration().stream())
                .mapToLong(Duration::toNanos)
                .sum();
    }

    /** Any account that Holdfast keeps of this job. */
    Ledger ledger(String jobId) {
        return rest().find("/holdfast/jobs/" + jobId + "/incidents")
                .map(Ledger::of)
                .orElse(Ledger.NONE);
    }

    /** Writes what helps to understand a job that does not go on: its graph, its ledger, and all threads. */
    void snapshot(String jobId, Path directory) throws IOException {
        Files.createDirectories(directory);
        write(directory.resolve("job.json"), "/jobs/" + jobId);
        write(directory.resolve("exceptions.json"), "/jobs/" + jobId + "/exceptions");
        write(directory.resolve("checkpoints.json"), "/jobs/" + jobId + "/checkpoints");
        for (String id : latestCheckpoints(jobId)) {
            for (FlinkRest.Vertex vertex : rest().job(jobId).vertices()) {
                write(
                        directory.resolve("checkpoint-%s-%s.json"
                                .formatted(id, vertex.name().replaceAll("[^a-zA-Z]+", "-"))),
                        "/jobs/%s/checkpoints/details/%s/subtasks/%s".formatted(jobId, id, vertex.id()));
            }
        }
        write(directory.resolve("incidents.json"), "/holdfast/jobs/" + jobId + "/incidents");
        StringBuilder subtasks = new StringBuilder();
        try {
            rest().subtasks(jobId).forEach(subtask -> subtasks.append(subtask).append('\n'));
        } catch (RuntimeException e) {
            subtasks.append(e);
        }
        Files.writeString(directory.resolve("subtasks.txt"), subtasks);
        List<FlinkProcess> all = new ArrayList<>(processes.taskManagers());
        all.add(processes.jobManager());
        for (FlinkProcess process : all) {
            if (process.isAlive()) {
                threads(process, directory.resolve(process.name() + ".threads"));
            }
        }
    }

    private List<String> latestCheckpoints(String jobId) {
        List<String> ids = new ArrayList<>();
        try {
            for (JsonNode checkpoint :
                    rest().get("/jobs/" + jobId + "/checkpoints").path("history")) {
                if (checkpoint.path("status").asText().equals("IN_PROGRESS") || ids.isEmpty()) {
                    ids.add(checkpoint.path("id").asText());
                }
            }
        } catch (RuntimeException e) {
            // The other files say that nobody answers.
        }
        return ids;
    }

    @Override
    public void close() {
        processes.close();
    }

    private void write(Path file, String path) throws IOException {
        String text;
        try {
            text = rest().find(path).map(JsonNode::toPrettyString).orElse("404");
        } catch (RuntimeException e) {
            text = e.toString();
        }
        Files.writeString(file, text);
    }

    private static void threads(FlinkProcess process, Path file) throws IOException {
        Process jcmd = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                        Long.toString(process.pid()),
                        "Thread.print")
                .redirectErrorStream(true)
                .redirectOutput(file.toFile())
                .start();
        try {
            if (!jcmd.waitFor(10, TimeUnit.SECONDS)) {
                jcmd.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns when {@code condition} holds; no answer of the cluster counts as "not yet". */
    static void await(String what, Duration timeout, BooleanSupplier condition) {
        long deadlineNanos = System.nanoTime() + timeout.toNanos();
        while (!holds(condition)) {
            if (System.nanoTime() > deadlineNanos) {
                throw new IllegalStateException("Waited %d s for %s.".formatted(timeout.toSeconds(), what));
            }
            sleep(POLL_MILLIS);
        }
    }

    private static boolean holds(BooleanSupplier condition) {
        try {
            return condition.getAsBoolean();
        } catch (UncheckedIOException | FlinkRest.Refusal e) {
            return false;
        }
    }

    static void sleep(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(Math.max(0, millis));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted.", e);
        }
    }
}
