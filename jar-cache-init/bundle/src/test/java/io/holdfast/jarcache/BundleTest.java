package io.holdfast.jarcache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BundleTest {

    private static final String DIGEST = "a".repeat(64);

    @Test
    void jarsAreInTheOrderOfTheirPathsWhateverTheyWereDeclaredIn() {
        Bundle bundle = bundle(jar("b.jar", "usrlib"), jar("a.jar", "plugins/s3"), jar("c.jar", "lib"));

        assertThat(bundle.jars())
                .extracting(BundledJar::path)
                .containsExactly("lib/c.jar", "plugins/s3/a.jar", "usrlib/b.jar");
        assertThat(bundle.bytes()).isEqualTo(3 * 7);
    }

    @Test
    void oneFileCannotBeTwoJars() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> bundle(jar("a.jar", "lib"), jar("A.jar", "lib")))
                .withMessageContaining("jars has this one twice: lib/a.jar");
    }

    @Test
    void oneNameInTwoPlacesIsTwoJars() {
        assertThat(bundle(jar("a.jar", "lib"), jar("a.jar", "usrlib")).jars()).hasSize(2);
    }

    @Test
    void emptyBundleIsNone() {
        assertThatIllegalArgumentException().isThrownBy(() -> bundle()).withMessageContaining("jars");
    }

    @ParameterizedTest
    @CsvSource({"2.2, true", "2.2.1, true", "2.3.0, true", "2.1, false", "2.20, false", "2, false"})
    void fitsItsMinorsOfFlinkAndTheirPatches(String flink, boolean fits) {
        assertThat(bundle(jar("a.jar", "lib")).fitsFlink(flink)).isEqualTo(fits);
    }

    @ParameterizedTest
    @ValueSource(strings = {"lib/x", "../lib", "plugins", "plugins/", "plugins/..", "plugins/a/b", "LIB", "/lib", ""})
    void placesOutsideOfFlinksAreRefused(String place) {
        assertThatIllegalArgumentException().isThrownBy(() -> new Place(place)).withMessageContaining(Place.RULE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "../a.jar", "a/b.jar", ".jar", ".hidden.jar", "a b.jar", "a.jar\n", "-a.jar"})
    void namesThatAreNoFilesOrCouldBeOptionsAreRefused(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> jar(name, "lib"))
                .withMessageContaining(BundledJar.NAME_RULE);
    }

    @ParameterizedTest
    @CsvSource({
        "Platform, 1, 2.2, 17, name",
        "a--b, 1, 2.2, 17, name",
        "a, '', 2.2, 17, version",
        "a, -1, 2.2, 17, version",
        "a, 1, 2.2.1, 17, flink",
        "a, 1, 2.2, 7, java",
    })
    void whatIsWrongIsNamed(String name, String version, String flink, int java, String wrong) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Bundle(name, version, List.of(flink), java, List.of(jar("a.jar", "lib"))))
                .withMessageStartingWith(wrong + " must");
    }

    private static Bundle bundle(BundledJar... jars) {
        return new Bundle("platform", "1", List.of("2.2", "2.3"), 17, List.of(jars));
    }

    private static BundledJar jar(String name, String place) {
        return new BundledJar(name, new Place(place), Optional.empty(), DIGEST, "0123abcd", 7);
    }
}
