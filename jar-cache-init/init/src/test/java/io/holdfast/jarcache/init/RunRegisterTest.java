package io.holdfast.jarcache.init;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import io.holdfast.jarcache.Bundle;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class RunRegisterTest {
    @TempDir
    private Path directory;

    private Path target;
    private Bundle bundle;

    @BeforeEach
    void makeBundle() {
        target = directory.resolve("shared/jars");
        bundle = TestBundle.in(directory.resolve("bundle"))
                .jar("lib", "a.jar", 100)
                .write();
    }

    @Test
    void firstRunClaimsTheTargetAndLeavesNoLock() {
        try (RunRegister register = enter(bundle)) {
            assertThat(runs()).isDirectoryContaining(path -> path.endsWith(register.run() + ".lock"));
        }

        assertThat(target.resolve(".holdfast/bundle.json")).isRegularFile();
        assertThat(runs()).isEmptyDirectory();
        assertThat(target).isDirectoryContaining("glob:**/.holdfast");
    }

    @Test
    void sameBundleMayEnterAgainAndTogether() {
        try (RunRegister one = enter(bundle);
                RunRegister other = enter(bundle)) {
            assertThat(one.run()).isNotEqualTo(other.run());
        }
    }

    @Test
    void anotherVersionWithTheSameJarsMayEnter() {
        enter(bundle).close();

        enter(TestBundle.in(directory.resolve("next"))
                        .version("2.0")
                        .jar("lib", "a.jar", 100)
                        .write())
                .close();
    }

    @Test
    void targetOfOtherJarsIsRefusedAndLeftAsItIs() throws IOException {
        enter(bundle).close();
        String claim = Files.readString(target.resolve(".holdfast/bundle.json"));
        Bundle next = TestBundle.in(directory.resolve("next"))
                .version("2.0")
                .jar("lib", "b.jar", 100)
                .write();

        HoldfastException failure = catchThrowableOfType(HoldfastException.class, () -> enter(next));

        assertThat(failure.disposition()).isEqualTo(Disposition.FATAL);
        assertThat(failure)
                .hasMessageContaining("belongs to bundle platform version 1.0")
                .hasMessageContaining("those of bundle platform version 2.0")
                .hasMessageContaining("HOLDFAST_JAR_CACHE_TARGET");
        assertThat(target.resolve(".holdfast/bundle.json")).hasContent(claim);
        assertThat(runs()).isEmptyDirectory();
    }

    @Test
    void targetWhoseOwnerCannotBeReadIsRefused() throws IOException {
        Files.createDirectories(target.resolve(".holdfast"));
        Files.writeString(target.resolve(".holdfast/bundle.json"), "{");

        HoldfastException failure = catchThrowableOfType(HoldfastException.class, () -> enter(bundle));

        assertThat(failure.disposition()).isEqualTo(Disposition.FATAL);
        assertThat(failure).hasMessageContaining("does not say which bundle it belongs to");
    }

    @Test
    void leftoversOfADeadRunAreSwept() throws IOException {
        enter(bundle).close();
        String dead = UUID.randomUUID().toString();
        String unregistered = UUID.randomUUID().toString();
        Files.createFile(runs().resolve(dead + ".lock"));
        Path inLib = partial("lib", "a.jar", dead);
        Path inPlugin = partial("plugins/s3", "b.jar", dead);
        Path claim = partial(".holdfast", "bundle.json", dead);
        Path withoutLock = partial("usrlib", "c.jar", unregistered);
        Path jar = Files.writeString(target.resolve("lib/a.jar"), "a jar");
        Path notOurs = Files.writeString(target.resolve("lib/x.jar.part"), "of somebody else");

        enter(bundle).close();

        assertThat(inLib).doesNotExist();
        assertThat(inPlugin).doesNotExist();
        assertThat(claim).doesNotExist();
        assertThat(withoutLock).doesNotExist();
        assertThat(runs()).isEmptyDirectory();
        assertThat(jar).exists();
        assertThat(notOurs).exists();
    }

    @Test
    void partialFilesOfALiveRunAreLeftAlone() throws IOException {
        try (RunRegister living = enter(bundle)) {
            Path partial = partial("lib", "a.jar", living.run());

            enter(bundle).close();

            assertThat(partial).exists();
            assertThat(runs()).isDirectoryContaining(path -> path.endsWith(living.run() + ".lock"));
        }
    }

    @Test
    void runThatCannotEnterInTimeSaysWhoHoldsItUp() throws IOException {
        enter(bundle).close();
        try (FileChannel entrance = FileChannel.open(target.resolve(".holdfast/lock"), StandardOpenOption.WRITE)) {
            entrance.lock();

            HoldfastException failure = catchThrowableOfType(
                    HoldfastException.class,
                    () -> RunRegister.enter(target, bundle, Deadline.in(Duration.ofMillis(100), System::nanoTime)));

            assertThat(failure.disposition()).isEqualTo(Disposition.RETRYABLE);
            assertThat(failure).hasMessageContaining(".holdfast/lock");
        }
    }

    private RunRegister enter(Bundle of) {
        return RunRegister.enter(target, of, Deadline.in(Duration.ofSeconds(30), System::nanoTime));
    }

    private Path runs() {
        return target.resolve(".holdfast/runs");
    }

    private Path partial(String place, String name, String run) throws IOException {
        Files.createDirectories(target.resolve(place));
        return Files.writeString(target.resolve(place).resolve(JarShelf.partialName(name, run)), "half");
    }
}
