package io.holdfast.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Holdfast's own jars ship as a bundle, and link to nothing that the Flink they are for does not have. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class HoldfastBundleIT {

    static final List<String> MINORS = Installation.MINORS;

    @TempDir
    private Path directory;

    @ParameterizedTest
    @FieldSource("MINORS")
    void bundleFitsItsFlinkAndIsBuiltTheSameTwice(String minor) throws IOException {
        BundleCommand bundle = new BundleCommand(directory);
        String file = shipped(minor).toString();

        bundle.run("lock", file);

        assertThat(bundle.run("check", file, "--flink", flink(minor))).contains("Checked 2 jars: 0 errors, 0 warnings");
        assertThat(digest(bundle.run("build", file, "--to", "oci:" + directory.resolve("one"))))
                .isEqualTo(digest(bundle.run("build", file, "--to", "tar:" + directory.resolve("two.tar"))));
    }

    @ParameterizedTest
    @FieldSource("MINORS")
    void checkFindsThatItIsNotForTheOtherFlink(String minor) throws IOException {
        BundleCommand bundle = new BundleCommand(directory);
        String file = shipped(minor).toString();
        bundle.run("lock", file);

        assertThatThrownBy(() -> bundle.run(
                        "check",
                        file,
                        "--flink",
                        flink(new Installation(minor).other().flinkMinor())))
                .hasMessageContaining("exited with 78")
                .hasMessageContaining("lib/holdfast-flink-%s.jar was built for another Flink".formatted(minor));
    }

    /** The bundle file of the checkout, at another place, so that its lock does not lie in the checkout. */
    private Path shipped(String minor) throws IOException {
        Path images = Installation.checkout().resolve("images/flink");
        String text = Files.readString(images.resolve("bundle-%s.yaml".formatted(minor)));
        return Files.writeString(
                directory.resolve("bundle.yaml"), text.replace("file:../..", "file:" + Installation.checkout()));
    }

    private static String flink(String minor) {
        return new Installation(minor).flinkLibraries().getParent().toString();
    }

    private static String digest(String output) {
        return output.lines()
                .filter(line -> line.startsWith("sha256:"))
                .findFirst()
                .orElseThrow();
    }
}
