package io.holdfast.testing.containers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What a test needs of the machine, by the names of its programs and of the Debian packages that bring them. */
public enum Tool {
    /** Real pods: needs root too, for mounts and cgroups. */
    PODMAN(
            true,
            List.of("podman", "runc", "conmon", "netavark", "iptables", "catatonit"),
            List.of("podman", "runc", "conmon", "netavark", "iptables", "catatonit")),
    /** A real image registry. */
    REGISTRY(false, List.of("docker-registry"), List.of("docker-registry")),
    /** Copies images between archives and registries, and says what is in them. */
    SKOPEO(false, List.of("skopeo"), List.of("skopeo")),
    /** One statically linked program that is a shell and the usual small tools: for containers that have none. */
    BUSYBOX(false, List.of("busybox"), List.of("busybox-static"));

    /** Where Debian keeps programs that users do not call; a user's PATH may lack the last two. */
    private static final String MORE_DIRECTORIES = ":/usr/lib/podman:/usr/libexec/podman:/usr/sbin:/sbin";

    private final boolean needsRoot;
    private final List<String> programs;
    private final List<String> packages;

    Tool(boolean needsRoot, List<String> programs, List<String> packages) {
        this.needsRoot = needsRoot;
        this.programs = programs;
        this.packages = packages;
    }

    /** One sentence with a remedy if this machine does not have it. */
    public Optional<String> problem() {
        return problem(System.getenv("PATH") + MORE_DIRECTORIES, isRoot());
    }

    Optional<String> problem(String path, boolean root) {
        List<String> missing = programs.stream()
                .filter(program -> find(program, path).isEmpty())
                .toList();
        if (!missing.isEmpty()) {
            return Optional.of("%s not found. Install with: apt-get install --no-install-recommends %s"
                    .formatted(String.join(", ", missing), String.join(" ", packages)));
        }
        if (needsRoot && !root) {
            return Optional.of(
                    "%s needs root here, for mounts and cgroups. Run the tests as root".formatted(programs.get(0)));
        }
        return Optional.empty();
    }

    /** Path of the first of the tool's programs. */
    public Path program() {
        return find(programs.get(0), System.getenv("PATH") + MORE_DIRECTORIES)
                .orElseThrow(() -> new IllegalStateException(problem().orElseThrow()));
    }

    private static Optional<Path> find(String program, String path) {
        return Stream.of(path.split(":"))
                .map(directory -> Path.of(directory, program))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private static boolean isRoot() {
        try {
            return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return false; // not Linux
        }
    }
}
