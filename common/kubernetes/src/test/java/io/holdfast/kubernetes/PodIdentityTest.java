package io.holdfast.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PodIdentityTest {
    @TempDir
    private Path directory;

    @Test
    void tokenOfTheServiceAccountTellsWhichPodThisIs() throws Exception {
        String claims = """
                {"kubernetes.io": {"namespace": "jobs", "pod": {"name": "tm-7", "uid": "x"}}}""";
        Files.writeString(
                directory.resolve("token"),
                "e30." + Base64.getUrlEncoder().withoutPadding().encodeToString(claims.getBytes(StandardCharsets.UTF_8))
                        + ".sig");

        assertThat(PodIdentity.of(Optional.empty(), Optional.empty(), directory))
                .contains(new PodIdentity("jobs", "tm-7"));
        assertThat(PodIdentity.of(Optional.of("a"), Optional.of("b"), directory))
                .contains(new PodIdentity("a", "b"));
        assertThat(PodIdentity.of(Optional.empty(), Optional.empty(), directory.resolve("none")))
                .isEmpty();
    }
}
