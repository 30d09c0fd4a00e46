package io.holdfast.testing.resize;

import io.holdfast.testing.MemoryCgroup;
import io.holdfast.testing.TaskManagerStart;
import java.nio.file.Path;
import java.util.List;

/**
 * How a TaskManager is started that can be resized: with a heap reserved that is larger than the one that Flink computed,
 * and the agent, which holds it to that one.
 *
 * @param agentJar with a Java of its own
 * @param socket of the agent: a short path, for a socket's may have 107 characters
 * @param reservedHeapMiB the largest heap that it may ever get
 * @param directMiB limit of direct memory that the command line gives, after the one that Flink computed
 */
public record ElasticTaskManager(Path agentJar, Path socket, int reservedHeapMiB, int directMiB) {

    public TaskManagerStart start(Path javaHome, MemoryCgroup cgroup) {
        return TaskManagerStart.USUAL
                .withJava(javaHome)
                .in(cgroup)
                .withFlags(List.of(
                        "-Xms256m",
                        "-Xmx" + reservedHeapMiB + "m",
                        "-XX:MaxDirectMemorySize=" + directMiB + "m",
                        "-XX:+UseG1GC",
                        "-javaagent:%s=socket=%s,heap=flink,direct=flink".formatted(agentJar, socket)));
    }
}
