package io.holdfast.agent.control;

import io.holdfast.agent.report.AgentException;
import io.holdfast.agent.report.ErrorCode;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;

/** The file that stands for the socket. Nobody sees it before it is for its owner alone. */
public final class SocketFile {
    /** What the kernel has room for, less the zero at the end. */
    private static final int MOST_BYTES = 107;

    private final Path path;
    private final ServerSocketChannel channel;
    private final Object identity;

    private SocketFile(Path path, ServerSocketChannel channel, Object identity) {
        this.path = path;
        this.channel = channel;
        this.identity = identity;
    }

    /**
     * Binds {@code path}, in place of a socket that nobody listens at any more.
     *
     * @throws AgentException if somebody does, or the path cannot be used
     */
    public static SocketFile bind(Path path) {
        Path absolute = path.toAbsolutePath();
        Path directory = absolute.getParent();
        Path unseen = directory.resolve("." + ProcessHandle.current().pid() + ".hf");
        requireUsable(absolute, directory, unseen);
        try {
            requireNobodyListens(absolute);
            Files.deleteIfExists(unseen);
            ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            channel.bind(UnixDomainSocketAddress.of(unseen));
            Files.setPosixFilePermissions(unseen, PosixFilePermissions.fromString("rw-------"));
            Object identity = identity(unseen);
            Files.move(unseen, absolute, StandardCopyOption.ATOMIC_MOVE);
            channel.configureBlocking(false);
            return new SocketFile(absolute, channel, identity);
        } catch (IOException e) {
            throw new AgentException(
                    ErrorCode.FAILED,
                    "Socket " + absolute + " cannot be bound: " + e,
                    "Give the agent another socket=PATH, in a directory that this process may write to",
                    e);
        }
    }

    /** Returns the file of a socket that is bound already. */
    public static SocketFile bound(Path path, ServerSocketChannel channel) {
        return new SocketFile(path, channel, identity(path));
    }

    public Path path() {
        return path;
    }

    public ServerSocketChannel channel() {
        return channel;
    }

    /** Ends listening, and removes the file unless it is another's by now. */
    public void delete() {
        try {
            channel.close();
            if (identity != null && identity.equals(identity(path))) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            return; // it stays behind, and the next to bind it sees that nobody listens
        }
    }

    private static void requireUsable(Path path, Path directory, Path unseen) {
        int longest = Math.max(
                path.toString().getBytes(StandardCharsets.UTF_8).length,
                unseen.toString().getBytes(StandardCharsets.UTF_8).length);
        if (longest > MOST_BYTES) {
            throw new AgentException(
                    ErrorCode.BAD_VALUE,
                    "The path of socket " + path + " is longer than the " + MOST_BYTES
                            + " bytes that a socket's may have",
                    "Give the agent a shorter socket=PATH");
        }
        if (!Files.isDirectory(directory)) {
            throw new AgentException(
                    ErrorCode.BAD_VALUE,
                    "Directory " + directory + " of the socket does not exist",
                    "Create it, or mount the volume that it is on");
        }
    }

    private static void requireNobodyListens(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .isOther()) {
            throw new AgentException(
                    ErrorCode.BAD_VALUE,
                    path + " exists and is not a socket",
                    "Remove it, or give the agent another socket=PATH");
        }
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.connect(UnixDomainSocketAddress.of(path));
        } catch (IOException e) {
            return; // left behind by a process that was killed
        }
        throw new AgentException(
                ErrorCode.FAILED,
                "Another process listens at socket " + path,
                "Give each JVM a socket=PATH of its own");
    }

    private static Object identity(Path path) {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                    .fileKey();
        } catch (IOException e) {
            return null;
        }
    }
}
