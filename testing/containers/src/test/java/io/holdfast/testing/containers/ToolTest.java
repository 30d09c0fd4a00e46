package io.holdfast.testing.containers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ToolTest {

    @TempDir
    private Path directory;

    @Test
    void missingProgramIsNamedWithThePackagesToInstall() throws IOException {
        program("podman");

        assertThat(Tool.PODMAN.problem(directory.toString(), true).orElse("none"))
                .startsWith("runc, conmon")
                .endsWith("not found. Install with: apt-get install --no-install-recommends podman runc conmon netavark"
                        + " iptables catatonit");
    }

    @Test
    void podsNeedRoot() throws IOException {
        for (String program : new String[] {"podman", "runc", "conmon", "netavark", "iptables", "catatonit"}) {
            program(program);
        }

        assertThat(Tool.PODMAN.problem(directory.toString(), true)).isEmpty();
        assertThat(Tool.PODMAN.problem(directory.toString(), false))
                .hasValue("podman needs root here, for mounts and cgroups. Run the tests as root");
    }

    @Test
    void registryNeedsNoRoot() throws IOException {
        program("docker-registry");

        assertThat(Tool.REGISTRY.problem(directory.toString(), false)).isEmpty();
    }

    private void program(String name) throws IOException {
        Files.setPosixFilePermissions(
                Files.createFile(directory.resolve(name)), PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}
