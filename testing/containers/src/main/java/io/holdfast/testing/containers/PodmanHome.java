package io.holdfast.testing.containers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The directory of one {@link Podman}: settings, storage, mounts. In the temporary directory: sockets need short paths. */
record PodmanHome(Path directory) {

    private static final Path CGROUPS = Path.of("/sys/fs/cgroup");
    private static final long LARGEST_NPROC =
            32768; // podman lowers its own limit to this, and runc cannot raise it again
    private static final Duration UNMOUNT_TIMEOUT = Duration.ofSeconds(20);

    static PodmanHome create() {
        try {
            PodmanHome home = new PodmanHome(Files.createTempDirectory("hfpod"));
            Files.createDirectories(home.temporary());
            Files.writeString(home.storageConf(), home.storage());
            Files.writeString(home.containersConf(), home.containers());
            return home;
        } catch (IOException e) {
            throw new UncheckedIOException("No settings for podman written", e);
        }
    }

    Path storageConf() {
        return directory.resolve("storage.conf");
    }

    Path containersConf() {
        return directory.resolve("containers.conf");
    }

    Path temporary() {
        return directory.resolve("tmp");
    }

    Path file(String prefix, String suffix) throws IOException {
        return Files.createTempFile(directory, prefix, suffix);
    }

    /** Unmounts and deletes everything in the directory, and removes the cgroups of these pods. */
    void remove(List<String> pods) {
        try {
            unmount();
            removeCgroups(pods);
            delete();
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "Podman's directory %s is left behind. Unmount what is mounted in it, and delete it."
                            .formatted(directory),
                    e);
        }
    }

    private String storage() {
        return """
                [storage]
                driver = "overlay"
                graphroot = "%1$s/store"
                runroot = "%1$s/run"
                """.formatted(directory);
    }

    private String containers() throws IOException {
        long files = hardLimit("Max open files");
        long processes = Math.min(hardLimit("Max processes"), LARGEST_NPROC);
        return """
                [containers]
                default_ulimits = ["nofile=%2$d:%2$d", "nproc=%3$d:%3$d"]
                log_driver = "k8s-file"
                [engine]
                runtime = "runc"
                cgroup_manager = "cgroupfs"
                events_logger = "file"
                lock_type = "file"
                tmp_dir = "%1$s/state"
                [network]
                network_backend = "netavark"
                network_config_dir = "%1$s/networks"
                """.formatted(directory, files, processes);
    }

    /** Of this process: what it gives to a container must not be more. */
    private static long hardLimit(String name) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/limits"))) {
            if (line.startsWith(name)) {
                String hard = line.substring(name.length()).strip().split("\\s+")[1];
                return hard.equals("unlimited") ? LARGEST_NPROC : Long.parseLong(hard);
            }
        }
        throw new IOException("/proc/self/limits has no line '%s'".formatted(name));
    }

    private void unmount() throws IOException {
        List<String> mounts = Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
                .map(line -> line.split(" ")[4])
                .filter(mount -> Path.of(mount).startsWith(directory))
                .sorted(Comparator.reverseOrder()) // what is mounted in a mount comes first
                .toList();
        for (String mount : mounts) {
            Command.start(directory, Map.of(), List.of("umount", mount)).output(UNMOUNT_TIMEOUT);
        }
    }

    /** Removes empty cgroups only: the kernel refuses all others. */
    private static void removeCgroups(List<String> pods) throws IOException {
        if (!Files.isDirectory(CGROUPS)) {
            return;
        }
        try (Stream<Path> controllers = Files.list(CGROUPS)) {
            for (Path controller : controllers.filter(Files::isDirectory).toList()) {
                Path parent = controller.resolve("libpod_parent");
                for (String pod : pods) {
                    if (!pod.isBlank()) {
                        removeCgroup(parent.resolve(pod));
                    }
                }
                // Both fail while another podman has containers there.
                parent.resolve("conmon").toFile().delete();
                parent.toFile().delete();
            }
        }
    }

    private static void removeCgroup(Path cgroup) throws IOException {
        if (!Files.isDirectory(cgroup)) {
            return;
        }
        try (Stream<Path> children = Files.list(cgroup)) {
            for (Path child : children.filter(Files::isDirectory).toList()) {
                removeCgroup(child);
            }
        }
        Files.deleteIfExists(cgroup);
    }

    private void delete() throws IOException {
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, IOException failure) throws IOException {
                if (failure != null) {
                    throw failure;
                }
                Files.delete(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
