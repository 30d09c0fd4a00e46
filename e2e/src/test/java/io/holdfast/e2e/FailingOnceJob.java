package io.holdfast.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/**
 * A bounded job of three vertices, two subtasks each, that goes slowly until its directory holds a file {@code finish}.
 * The first attempt of subtask 0 of {@code map} fails when there is a file {@code fail}.
 *
 * <p>Arguments: the directory; then host and port of a session cluster's REST endpoint, unless it runs in its own; then
 * whether producers choose the receivers of their records, false if not given.
 */
public final class FailingOnceJob {

    static final String FAIL = "fail";
    static final String FINISH = "finish";

    private static final int NUMBERS = 2_000_000; // more than fit into all buffers while it goes slowly

    private FailingOnceJob() {}

    public static void main(String[] args) throws Exception {
        Configuration configuration = new Configuration();
        configuration.setString("execution.checkpointing.interval", "300 ms");
        configuration.setString("execution.buffer-timeout.interval", "20 ms");
        configuration.setString("restart-strategy.type", "fixed-delay");
        configuration.setString("restart-strategy.fixed-delay.attempts", "3");
        configuration.setString("restart-strategy.fixed-delay.delay", "0 s");
        configuration.setString("holdfast.auto-partition.enabled", args.length > 3 ? args[3] : "false");
        StreamExecutionEnvironment environment = args.length >= 3
                ? StreamExecutionEnvironment.createRemoteEnvironment(args[1], Integer.parseInt(args[2]), configuration)
                : StreamExecutionEnvironment.getExecutionEnvironment(configuration);
        environment.setParallelism(2);
        environment
                .fromSource(new NumberSequenceSource(1, NUMBERS), WatermarkStrategy.noWatermarks(), "numbers")
                .rebalance()
                .map(new FailingOnce(args[0]))
                .name("map")
                .rebalance()
                .sinkTo(new DiscardingSink<>())
                .name("sink");
        environment.executeAsync("failing once");
    }

    /** Packs this job as users do. */
    static Path jar(Path file) {
        try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(file))) {
            for (Class<?> type : new Class<?>[] {FailingOnceJob.class, FailingOnce.class}) {
                String entry = type.getName().replace('.', '/') + ".class";
                jar.putNextEntry(new JarEntry(entry));
                type.getClassLoader().getResourceAsStream(entry).transferTo(jar);
            }
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class FailingOnce extends RichMapFunction<Long, Long> {

        private static final long serialVersionUID = 1L;

        private final String directory;
        private transient boolean quick;

        private FailingOnce(String directory) {
            this.directory = directory;
        }

        @Override
        public Long map(Long number) {
            if (!quick) {
                TaskInfo task = getRuntimeContext().getTaskInfo();
                if (task.getIndexOfThisSubtask() == 0
                        && task.getAttemptNumber() == 0
                        && Files.exists(Path.of(directory, FAIL))) {
                    throw new IllegalStateException("Failed on purpose");
                }
                LockSupport.parkNanos(1_000_000);
                quick = Files.exists(Path.of(directory, FINISH));
            }
            return number;
        }
    }
}
