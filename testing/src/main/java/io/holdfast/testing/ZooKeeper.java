package io.holdfast.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The ZooKeeper that Flink brings, alone and in a JVM of its own: what a JobManager's successor learns its jobs from. */
record ZooKeeper(FlinkProcess process, Map<String, String> options) {

    private static final String MAIN = "org.apache.flink.runtime.zookeeper.FlinkZooKeeperQuorumPeer";
    private static final String NUMBER = "1";
    private static final String SESSION = "high-availability.zookeeper.client.session-timeout";

    /**
     * A killed JobManager does not lead any more when another one has started. One that lives may be cut off for a moment,
     * on a busy machine.
     */
    static final Map<String, String> OF_JOB_MANAGERS =
            Map.of(SESSION, "4 s", "high-availability.zookeeper.client.tolerate-suspended-connections", "true");

    /** TaskManagers lead nothing, and know their JobManager even if they were stopped for a while. */
    static final Map<String, String> OF_TASK_MANAGERS = Map.of(SESSION, "60 s");

    static ZooKeeper start(Path directory, JvmCommand jvm) {
        int port = FreePort.any();
        ProcessFiles files = ProcessFiles.create(directory, "zookeeper", Map.of());
        Path settings = files.conf().resolve("zoo.cfg");
        try {
            Files.writeString(settings, """
                    dataDir=%s
                    clientPort=%d
                    clientPortAddress=127.0.0.1
                    tickTime=500
                    minSessionTimeout=1000
                    maxSessionTimeout=60000
                    admin.enableServer=false
                    server.%s=127.0.0.1:%d:%d
                    """.formatted(
                    Files.createDirectories(directory.resolve("data")), port, NUMBER, FreePort.any(), FreePort.any()));
        } catch (IOException e) {
            throw new UncheckedIOException("Configuration of ZooKeeper not written to " + directory, e);
        }
        List<String> command = new ArrayList<>(jvm.command(files, MAIN, List.of("-Xmx64m")));
        command.addAll(List.of("--zkConfigFile", settings.toString(), "--peerId", NUMBER));
        return new ZooKeeper(
                FlinkProcess.start(files, command, Map.of()),
                Map.of(
                        "high-availability.type",
                        "zookeeper",
                        "high-availability.zookeeper.quorum",
                        "127.0.0.1:" + port,
                        "high-availability.storageDir",
                        directory.resolve("storage").toUri().toString()));
    }
}
