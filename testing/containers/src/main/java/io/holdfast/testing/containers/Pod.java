package io.holdfast.testing.containers;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A pod of {@link Podman}. Containers are named as in its manifest.
 *
 * <p>An init container is gone once it has succeeded, its log too, unless the pod has the annotation {@code
 * io.podman.annotations.init.container.type: always}; see {@link #KEEP_INIT_CONTAINERS}.
 */
public final class Pod {

    /** Annotation, as a line for a manifest, that keeps init containers and runs them at each start of the pod. */
    public static final String KEEP_INIT_CONTAINERS = "io.podman.annotations.init.container.type: always";

    private static final Pattern NAME =
            Pattern.compile("kind: Pod.*?metadata:.*?name: *\"?([a-z0-9.-]+)", Pattern.DOTALL);

    private final Podman podman;
    private final String name;
    private final Command playing;
    private Finished played;

    Pod(Podman podman, String name, Command playing) {
        this.podman = podman;
        this.name = name;
        this.playing = playing;
    }

    static String name(String manifest) {
        Matcher name = NAME.matcher(manifest);
        if (!name.find()) {
            throw new IllegalArgumentException("The manifest holds no 'kind: Pod' with a name:\n" + manifest);
        }
        return name.group(1);
    }

    /** Waits until the start has succeeded or failed. */
    public synchronized void awaitStart(Duration timeout) {
        if (played == null) {
            played = playing.await(timeout);
        }
    }

    /** Whether all init containers succeeded and all containers run. Call {@link #awaitStart} first. */
    public synchronized boolean started() {
        return requirePlayed().exitCode() == 0;
    }

    /** What podman said about the start, for a failed test. */
    public synchronized String message() {
        Finished finished = requirePlayed();
        return finished.out() + finished.err();
    }

    /** Whether this container exists and its process runs. */
    public boolean isRunning(String container) {
        return inspect(container, "{{.State.Running}}").out().strip().equals("true");
    }

    /** Waits until this container has run and ended, and returns its exit code: 128 and the signal if it was killed. */
    public int exitCode(String container, Duration timeout) {
        long deadlineNanos = System.nanoTime() + timeout.toNanos();
        String seen = "none";
        while (System.nanoTime() < deadlineNanos) {
            Finished state = inspect(container, "{{.State.Status}} {{.State.ExitCode}}");
            seen = state.exitCode() == 0 ? state.out().strip() : "no container " + fullName(container);
            if (seen.startsWith("exited ")) {
                return Integer.parseInt(seen.substring("exited ".length()));
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
        }
        throw new IllegalStateException("%s did not end within %d s, last seen: %s.%n%s"
                .formatted(fullName(container), timeout.toSeconds(), seen, logs(container)));
    }

    /** What this container has written to standard output and standard error, or why that cannot be told. */
    public String logs(String container) {
        Finished logs = podman.attempt("logs", fullName(container));
        return logs.out() + logs.err();
    }

    /** Runs a command in this container. */
    public Finished exec(String container, String... command) {
        String[] line = new String[command.length + 2];
        line[0] = "exec";
        line[1] = fullName(container);
        System.arraycopy(command, 0, line, 2, command.length);
        return podman.attempt(line);
    }

    /**
     * Sets how much memory this container may have while it runs, as a kubelet does when a pod is resized. Swap is not
     * added to it.
     *
     * @return what podman said: cgroup v1 refuses less than what is in use
     */
    public Finished limitMemory(String container, long bytes) {
        return podman.attempt("update", "--memory=" + bytes, "--memory-swap=" + bytes, fullName(container));
    }

    /** Sends a signal, such as {@code KILL}, to the first process of this container. */
    public void signal(String container, String signal) {
        podman.podman("kill", "--signal=" + signal, fullName(container));
    }

    /** Starts a pod whose containers have ended once more: init containers first, the same volumes. */
    public Finished restart() {
        return podman.attempt("pod", "start", name);
    }

    /** Kills what runs, and removes the pod and its {@code emptyDir} volumes. */
    public void remove() {
        podman.podman("pod", "rm", "--force", "--time=0", name);
    }

    private Finished inspect(String container, String format) {
        return podman.attempt("container", "inspect", "--format", format, fullName(container));
    }

    private Finished requirePlayed() {
        if (played == null) {
            throw new IllegalStateException(
                    "The start of pod %s was not awaited. Call awaitStart first.".formatted(name));
        }
        return played;
    }

    private String fullName(String container) {
        return name + "-" + container;
    }
}
