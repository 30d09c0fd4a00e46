package io.holdfast.jarcache.init;

import io.holdfast.jarcache.Bundle;
import io.holdfast.jarcache.BundleManifest;
import io.holdfast.jarcache.BundledJar;
import io.holdfast.jarcache.Checksum;
import io.holdfast.jarcache.Place;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.zip.CRC32C;

/** A bundle in a directory, as an image has it. Its jars are random bytes, the same in each run. */
final class TestBundle {
    private final Path directory;
    private final List<BundledJar> jars = new ArrayList<>();
    private final List<byte[]> contents = new ArrayList<>();
    private String version = "1.0";

    private TestBundle(Path directory) {
        this.directory = directory;
    }

    static TestBundle in(Path directory) {
        return new TestBundle(directory);
    }

    TestBundle version(String name) {
        version = name;
        return this;
    }

    TestBundle jar(String place, String name, int bytes) {
        return jar(place, name, bytes, null);
    }

    TestBundle jar(String place, String name, int bytes, URI source) {
        byte[] content = new byte[bytes];
        new Random(name.hashCode()).nextBytes(content);
        Checksum.Running sha256 = Checksum.SHA_256.begin();
        sha256.update(ByteBuffer.wrap(content));
        CRC32C crc = new CRC32C();
        crc.update(content);
        jars.add(new BundledJar(
                name,
                new Place(place),
                Optional.ofNullable(source),
                sha256.hex(),
                "%08x".formatted(crc.getValue()),
                bytes));
        contents.add(content);
        return this;
    }

    /** Writes the directory, and returns what is in it. */
    Bundle write() {
        try {
            Bundle bundle = new Bundle("platform", version, List.of("2.2", "2.3"), 17, jars);
            Files.createDirectories(directory);
            Files.write(directory.resolve(BundleManifest.FILE), BundleManifest.write(bundle));
            for (int i = 0; i < jars.size(); i++) {
                Path file = file(jars.get(i));
                Files.createDirectories(file.getParent());
                Files.write(file, contents.get(i));
            }
            return bundle;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where the bundle has {@code jar}. */
    Path file(BundledJar jar) {
        return directory.resolve(BundleManifest.JARS).resolve(jar.path());
    }

    byte[] content(BundledJar jar) {
        return contents.get(jars.indexOf(jar));
    }

    Path directory() {
        return directory;
    }
}
