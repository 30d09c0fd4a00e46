package io.holdfast.e2e;

import io.holdfast.testing.containers.Pod;
import io.holdfast.testing.containers.Podman;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A pod as users write it: the jar cache's init container and a main container that share a volume. The main one is a
 * shell that lists what it sees, unless a test wants another.
 */
final class JarCachePod {

    static final String INIT = "jar-cache";
    static final String MAIN = "flink";
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String TARGET = "/holdfast/jars";

    /** Digests of all files but the register's, hidden ones and partial ones included. */
    private static final String LIST =
            "cd %s && find . -type f ! -path './.holdfast/*' -exec sha256sum {} +".formatted(TARGET);

    private final Podman podman;
    private final String name;
    private final Path lastWords;
    private final String initImage;
    private final String mainImage;
    private final Map<String, String> environment = new LinkedHashMap<>();
    private final List<String> mainMounts = new ArrayList<>();
    private final List<String> hostVolumes = new ArrayList<>();
    private String volume = "emptyDir: {}";
    private boolean readOnlyTarget;
    private String mainCommand = "[sh, -c, \"%s\"]".formatted(LIST);
    private Pod pod;

    /** {@code directory} receives what the kubelet would keep: the termination message. */
    JarCachePod(Podman podman, String name, Path directory, String initImage, String mainImage) {
        this.podman = podman;
        this.name = name;
        this.initImage = initImage;
        this.mainImage = mainImage;
        this.lastWords = directory.resolve(name + ".termination-log");
        try {
            Files.createFile(lastWords);
            Files.setPosixFilePermissions(lastWords, PosixFilePermissions.fromString("rw-rw-rw-"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sets a variable of the init container. */
    JarCachePod with(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    /** Lets the main container see {@code directory} of the host at the same path. */
    JarCachePod mainSeeing(Path directory, boolean readOnly) {
        int number = hostVolumes.size();
        hostVolumes.add("{name: seen%d, hostPath: {path: \"%s\", type: Directory}}".formatted(number, directory));
        mainMounts.add("{name: seen%d, mountPath: \"%s\", readOnly: %s}".formatted(number, directory, readOnly));
        return this;
    }

    /** Shares this directory of the host, as all pods of a node may, instead of an {@code emptyDir}. */
    JarCachePod onHostDirectory(Path directory) {
        volume = "hostPath: {path: \"%s\", type: Directory}".formatted(directory);
        return this;
    }

    JarCachePod withReadOnlyTarget() {
        readOnlyTarget = true;
        return this;
    }

    /** As a list of YAML. */
    JarCachePod running(String command) {
        mainCommand = command;
        return this;
    }

    JarCachePod play() {
        pod = podman.play(manifest());
        return this;
    }

    JarCachePod begin() {
        pod = podman.begin(manifest());
        return this;
    }

    JarCachePod awaitStart() {
        pod.awaitStart(PATIENCE);
        return this;
    }

    Pod pod() {
        return pod;
    }

    boolean started() {
        return pod.started();
    }

    int initExitCode() {
        return pod.exitCode(INIT, PATIENCE);
    }

    String initLog() {
        return pod.logs(INIT);
    }

    /** Digest by path of all that the main container has seen. */
    Map<String, String> jarsSeen() {
        if (pod.exitCode(MAIN, PATIENCE) != 0) {
            throw new AssertionError(pod.logs(MAIN));
        }
        return pod.logs(MAIN)
                .lines()
                .map(line -> line.split(" +", 2))
                .collect(Collectors.toMap(part -> part[1].replaceFirst("^\\./", ""), part -> part[0]));
    }

    /** What Kubernetes would show as the reason of the failed start. */
    String terminationMessage() {
        try {
            return Files.readString(lastWords);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All there is to know, for a failed test. */
    String report() {
        return "%s%n--- init container%n%s--- termination message%n%s%n--- main container%n%s"
                .formatted(pod.message(), initLog(), terminationMessage(), pod.logs(MAIN));
    }

    private String manifest() {
        List<String> variables = environment.entrySet().stream()
                .map(variable -> "{name: %s, value: \"%s\"}".formatted(variable.getKey(), variable.getValue()))
                .toList();
        return """
                apiVersion: v1
                kind: Pod
                metadata:
                  name: %1$s
                  annotations:
                    %2$s
                spec:
                  restartPolicy: Never
                  hostNetwork: true
                  volumes:
                  - {name: %1$s-jars, %3$s}
                  - {name: last-words, hostPath: {path: "%4$s", type: File}}
                %5$s
                  initContainers:
                  - name: %6$s
                    image: %7$s
                    imagePullPolicy: Never
                    env: [%8$s]
                    volumeMounts:
                    - {name: %1$s-jars, mountPath: %9$s, readOnly: %10$s}
                    - {name: last-words, mountPath: /dev/termination-log}
                  containers:
                  - name: %12$s
                    image: %13$s
                    imagePullPolicy: Never
                    command: %14$s
                    volumeMounts:
                    - {name: %1$s-jars, mountPath: %9$s, readOnly: true}
                %11$s
                """.formatted(
                        name,
                        Pod.KEEP_INIT_CONTAINERS,
                        volume,
                        lastWords,
                        lines(hostVolumes, "  "),
                        INIT,
                        initImage,
                        String.join(", ", variables),
                        TARGET,
                        readOnlyTarget,
                        lines(mainMounts, "    "),
                        MAIN,
                        mainImage,
                        mainCommand);
    }

    private static String lines(List<String> items, String indent) {
        return items.stream().map(item -> indent + "- " + item).collect(Collectors.joining("\n"));
    }
}
