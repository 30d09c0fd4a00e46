package io.holdfast.migration.state;

import io.holdfast.quarkus.ListenAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What is served, and how.
 *
 * @param url what other pods are told; if absent, one of this container's addresses
 * @param bytesPerSecond at most; if absent, as much as the network takes
 */
public record StateSettings(
        List<Path> directories, ListenAddress listen, Optional<URI> url, OptionalLong bytesPerSecond) {}
