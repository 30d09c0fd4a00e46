package io.holdfast.testing.containers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A podman with images, containers, pods and settings of its own, beside whatever podman the machine runs.
 *
 * <h2>Use</h2>
 *
 * <pre>{@code
 * @Needs(Tool.PODMAN)
 * class PodIT {
 *     void twoContainersShareAVolume() {
 *         try (Podman podman = Podman.start()) {
 *             String image = podman.load(Path.of("target/image.tar"));
 *             Pod pod = podman.play(yaml(image));
 *             assertThat(pod.exitCode("main", Duration.ofSeconds(30))).isZero();
 *         }
 *     }
 * }
 * }</pre>
 *
 * <p>Uses runc, cgroupfs and overlay: what works where there is neither systemd nor a complete cgroup v2. Pods, mounts,
 * cgroups and files are gone after {@link #close()}, which a shutdown hook calls too. Thread-safe.
 */
public final class Podman implements AutoCloseable {

    private static final Duration COMMAND_TIMEOUT = Duration.ofSeconds(120);
    private static final Pattern LOADED = Pattern.compile("Loaded image: (\\S+)");

    private static final Pattern EMPTY_DIRECTORY = Pattern.compile("name: *([\\w.-]+)[,\\s]+emptyDir");
    private static final String SHELL_IMAGE = "localhost/holdfast-test-shell:1";
    private static final List<String> SHELL_TOOLS = List.of(
            "cat",
            "chmod",
            "cp",
            "dd",
            "df",
            "echo",
            "find",
            "grep",
            "id",
            "kill",
            "ln",
            "ls",
            "mkdir",
            "mv",
            "rm",
            "sh",
            "sha256sum",
            "sleep",
            "stat",
            "tail",
            "test",
            "touch",
            "wc");

    private final PodmanHome home;
    private final Thread hook = new Thread(this::cleanUp, "podman-shutdown");
    private boolean closed;

    private Podman(PodmanHome home) {
        this.home = home;
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Returns at once: podman has no daemon. */
    public static Podman start() {
        Tool.PODMAN.problem().ifPresent(problem -> {
            throw new IllegalStateException(problem + ".");
        });
        return new Podman(PodmanHome.create());
    }

    /** Loads a docker-archive and returns the reference by which pods name the image. */
    public String load(Path archive) {
        String said = podman("load", "--input", archive.toAbsolutePath().toString());
        Matcher loaded = LOADED.matcher(said);
        if (!loaded.find()) {
            throw new IllegalStateException(
                    "podman loaded %s without a name: %s. Name the image in the archive.".formatted(archive, said));
        }
        return loaded.group(1);
    }

    /** Makes an image that holds a shell and the usual small tools, and nothing else; needs {@link Tool#BUSYBOX}. */
    public String shell() {
        Path archive = home.directory().resolve("shell.tar");
        Path root = home.directory().resolve("shell");
        try {
            Path bin = Files.createDirectories(root.resolve("bin"));
            Files.copy(Tool.BUSYBOX.program(), bin.resolve("busybox"));
            for (String tool : SHELL_TOOLS) {
                Files.createSymbolicLink(bin.resolve(tool), Path.of("busybox"));
            }
            Files.createDirectories(root.resolve("tmp"));
        } catch (IOException e) {
            throw new UncheckedIOException("No files of an image written to " + root, e);
        }
        Command.start(home.directory(), Map.of(), List.of("tar", "-C", root.toString(), "-cf", archive.toString(), "."))
                .output(COMMAND_TIMEOUT);
        podman("import", "--quiet", "--change=ENV PATH=/bin", archive.toString(), SHELL_IMAGE);
        return SHELL_IMAGE;
    }

    /** Pulls an image from a registry that speaks plain HTTP, such as {@link Registry}. */
    public Finished pull(String reference) {
        return start(List.of("pull", "--quiet", "--tls-verify=false", reference))
                .await(COMMAND_TIMEOUT);
    }

    /**
     * The files that loaded images have at {@code path}, in the store: what is written there damages their layers, for all
     * containers. One layer is there once for each image that has others below it.
     */
    public List<Path> filesInLayers(String path) {
        try (Stream<Path> layers = Files.list(home.directory().resolve("store/overlay"))) {
            List<Path> files = layers.map(layer -> layer.resolve("diff").resolve(path.substring(1)))
                    .filter(Files::isRegularFile)
                    .sorted()
                    .toList();
            if (files.isEmpty()) {
                throw new IllegalArgumentException("No image has a file " + path);
            }
            return files;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Lets everybody write to {@code directory} and those in it: containers run as another user than the test. */
    public static void openToContainers(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.filter(Files::isDirectory).toList()) {
                Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxrwxrwx"));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A directory that everybody may write to, and that is full after so many bytes: for a {@code hostPath} volume. */
    public Path smallDirectory(long bytes) {
        try {
            Path directory = Files.createTempDirectory(home.directory(), "small");
            Command.start(
                            home.directory(),
                            Map.of(),
                            List.of(
                                    "mount",
                                    "-t",
                                    "tmpfs",
                                    "-o",
                                    "mode=0777,size=" + bytes,
                                    "tmpfs",
                                    directory.toString()))
                    .output(COMMAND_TIMEOUT);
            return directory;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs a container to its end, without a network; {@code arguments} as for {@code podman run}. */
    public Finished run(String... arguments) {
        List<String> line = new ArrayList<>(List.of("run", "--rm", "--network=none", "--pull=never"));
        line.addAll(Arrays.asList(arguments));
        return start(line).await(COMMAND_TIMEOUT);
    }

    /**
     * Starts the pod of a Kubernetes manifest, and returns when its init containers have ended and its containers run, or
     * when one of them could not: {@link Pod#started()} tells.
     *
     * <p>What podman 4.3 does otherwise than a kubelet: nothing is restarted unless {@code restartPolicy} says so,
     * {@code emptyDir} is on disk whatever its medium, and is a volume of podman that has the name given there and outlives
     * the pod, native sidecars are plain init containers.
     *
     * @throws IllegalArgumentException if a pod has used an {@code emptyDir} of the same name before
     */
    public Pod play(String manifest) {
        Pod pod = begin(manifest);
        pod.awaitStart(COMMAND_TIMEOUT);
        return pod;
    }

    /** As {@link #play}, and returns at once: for a test that acts while init containers run. */
    public Pod begin(String manifest) {
        Matcher emptyDirectories = EMPTY_DIRECTORY.matcher(manifest);
        while (emptyDirectories.find()) {
            if (attempt("volume", "exists", emptyDirectories.group(1)).exitCode() == 0) {
                throw new IllegalArgumentException(
                        "Another pod has used the emptyDir '%s', and this one would find its files. Name it otherwise."
                                .formatted(emptyDirectories.group(1)));
            }
        }
        Path file;
        try {
            file = Files.writeString(home.file("pod-", ".yaml"), manifest);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        // With no network named podman would set up a bridge, whatever the manifest says of hostNetwork.
        String network = manifest.contains("hostNetwork: true") ? "host" : "none";
        return new Pod(
                this, Pod.name(manifest), start(List.of("play", "kube", "--network=" + network, file.toString())));
    }

    /** Runs {@code podman ARGUMENTS} and returns its standard output; any other exit code than 0 is an error. */
    public String podman(String... arguments) {
        return start(List.of(arguments)).output(COMMAND_TIMEOUT);
    }

    /** As {@link #podman}, for commands that may fail. */
    Finished attempt(String... arguments) {
        return start(List.of(arguments)).await(COMMAND_TIMEOUT);
    }

    /** Removes every pod, container, mount, cgroup and file of this podman. */
    @Override
    public void close() {
        cleanUp();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The JVM is shutting down already; the hook does the same again.
        }
    }

    private Command start(List<String> arguments) {
        List<String> line = new ArrayList<>(List.of(Tool.PODMAN.program().toString()));
        line.addAll(arguments);
        return Command.start(home.directory(), environment(), line);
    }

    private Map<String, String> environment() {
        return Map.of(
                "CONTAINERS_STORAGE_CONF", home.storageConf().toString(),
                "CONTAINERS_CONF", home.containersConf().toString(),
                "TMPDIR", home.temporary().toString());
    }

    private synchronized void cleanUp() {
        if (closed) {
            return;
        }
        closed = true;
        List<String> pods =
                attempt("pod", "ps", "--quiet", "--no-trunc").out().lines().toList();
        attempt("pod", "rm", "--force", "--all", "--time=0");
        attempt("rm", "--force", "--all", "--time=0");
        attempt("volume", "rm", "--force", "--all");
        home.remove(pods);
    }
}
