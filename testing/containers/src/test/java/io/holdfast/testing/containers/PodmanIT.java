package io.holdfast.testing.containers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The pods that other tests rely on are real: namespaces, volumes, limits, init containers in order. */
@Needs({Tool.PODMAN, Tool.BUSYBOX})
@Timeout(120)
class PodmanIT {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static Podman podman;
    private static String image;

    @TempDir
    private Path directory;

    @BeforeAll
    static void startPodman() {
        podman = Podman.start();
        image = podman.shell();
    }

    @AfterAll
    static void endPodman() {
        podman.close();
    }

    @Test
    void initContainerFillsTheVolumeOfTheMainContainer() {
        Pod pod = podman.play(pod("fills", "echo placed > /jars/a.jar", "cat /jars/a.jar; exit 3"));

        assertThat(pod.started()).as(pod.message()).isTrue();
        assertThat(pod.exitCode("main", PATIENCE)).isEqualTo(3);
        assertThat(pod.logs("main")).isEqualTo("placed\n");
        assertThat(pod.exitCode("init", PATIENCE)).isZero();
    }

    @Test
    void failedInitContainerKeepsThePodFromStarting() {
        Pod pod = podman.play(pod("fails", "echo no such jar >&2; exit 78", "echo must not run"));

        assertThat(pod.started()).isFalse();
        assertThat(pod.exitCode("init", PATIENCE)).isEqualTo(78);
        assertThat(pod.logs("init")).isEqualTo("no such jar\n");
        assertThat(pod.logs("main")).isEmpty();
    }

    @Test
    void killedInitContainerRunsAgainWithTheVolumeAsItLeftIt() {
        Pod pod = podman.begin(pod(
                "killed",
                "if test -e /jars/part; then exit 0; fi; echo half > /jars/part; sleep 60",
                "cat /jars/part"));
        long deadlineNanos = System.nanoTime() + PATIENCE.toNanos();
        while (pod.exec("init", "cat", "/jars/part").exitCode() != 0) {
            assertThat(System.nanoTime()).isLessThan(deadlineNanos);
        }

        pod.signal("init", "KILL");
        pod.awaitStart(PATIENCE);

        assertThat(pod.started()).isFalse();
        assertThat(pod.exitCode("init", PATIENCE)).isEqualTo(128 + 9);

        assertThat(pod.restart().exitCode()).isZero();
        assertThat(pod.exitCode("main", PATIENCE)).isZero();
        assertThat(pod.logs("main")).isEqualTo("half\n");
    }

    @Test
    void containerRunsToItsEnd() throws IOException {
        Files.writeString(directory.resolve("file"), "of the host");

        Finished finished = podman.run(
                "--volume=" + directory + ":/mnt:ro", image, "sh", "-c", "cat /mnt/file; touch /mnt/x; exit 5");

        assertThat(finished.exitCode()).isEqualTo(5);
        assertThat(finished.out()).isEqualTo("of the host");
        assertThat(finished.err()).contains("Read-only file system");
    }

    @Test
    void podsDoNotShareAnEmptyDirectoryUnawares() {
        podman.play(pod("owner", "true", "true"));

        assertThatThrownBy(() -> podman.play(pod("other", "true", "true").replace("other-jars", "owner-jars")))
                .hasMessageContaining("Another pod has used the emptyDir 'owner-jars'");
    }

    @Test
    void smallDirectoryIsSoonFull() {
        Path small = podman.smallDirectory(64 * 1024);

        Finished finished = podman.run(
                "--volume=" + small + ":/mnt",
                "--user=9999",
                image,
                "sh",
                "-c",
                "dd if=/dev/zero of=/mnt/x bs=65537 count=1");

        assertThat(finished.exitCode()).isNotZero();
        assertThat(finished.err()).contains("No space left on device");
    }

    @Test
    void damagedLayerIsWhatContainersSee() throws IOException {
        List<Path> files = podman.filesInLayers("/bin/busybox");
        Path note = Files.writeString(files.get(0).resolveSibling("note"), "in the layer");

        assertThat(podman.run(image, "cat", "/bin/note").out()).isEqualTo("in the layer");
        assertThat(podman.filesInLayers("/bin/note")).containsExactly(note);
    }

    @Test
    void failedCommandSaysWhatPodmanSaid() {
        assertThatThrownBy(() -> podman.podman("logs", "none"))
                .hasMessageContaining("exited with 125")
                .hasMessageContaining("no such container");
        assertThatThrownBy(() -> podman.load(directory.resolve("none.tar"))).hasMessageContaining("none.tar");
    }

    @Test
    void nothingOutlivesIt() throws IOException {
        Podman other = Podman.start();
        other.shell();
        Pod pod = other.play(pod("outlives", "true", "sleep 600"));
        assertThat(pod.isRunning("main")).isTrue();
        String id = other.podman("pod", "inspect", "--format", "{{.Id}}", "outlives")
                .strip();
        String home = other.podman("info", "--format", "{{.Store.GraphRoot}}").strip();
        assertThat(processes()).anyMatch(line -> line.contains(home));

        other.close();

        assertThat(processes()).noneMatch(line -> line.contains(home) || line.contains(id));
        assertThat(Path.of(home).getParent()).doesNotExist();
        assertThat(Files.readString(Path.of("/proc/self/mountinfo"))).doesNotContain(home);
        assertThat(Path.of("/sys/fs/cgroup/memory/libpod_parent", id)).doesNotExist();
    }

    private static List<String> processes() {
        return ProcessHandle.allProcesses()
                .map(process -> process.info().commandLine().orElse(""))
                .toList();
    }

    private static String pod(String name, String init, String main) {
        return """
                apiVersion: v1
                kind: Pod
                metadata:
                  name: %1$s
                  annotations:
                    %2$s
                spec:
                  restartPolicy: Never
                  volumes:
                  - name: %1$s-jars
                    emptyDir: {}
                  initContainers:
                  - name: init
                    image: %3$s
                    imagePullPolicy: Never
                    command: [sh, -c, "%4$s"]
                    volumeMounts: [{name: %1$s-jars, mountPath: /jars}]
                  containers:
                  - name: main
                    image: %3$s
                    imagePullPolicy: Never
                    command: [sh, -c, "%5$s"]
                    resources: {limits: {memory: 64Mi}}
                    volumeMounts: [{name: %1$s-jars, mountPath: /jars}]
                """.formatted(name, Pod.KEEP_INIT_CONTAINERS, image, init, main);
    }
}
