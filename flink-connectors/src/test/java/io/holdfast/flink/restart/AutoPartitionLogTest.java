package io.holdfast.flink.restart;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.config.HoldfastOptions;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A job whose exchange is stock Flink's is told why it has no auto-partition, if it was to have it. */
class AutoPartitionLogTest {

    private final RecordingAppender log = new RecordingAppender();
    private final Logger logger = (Logger) LogManager.getLogger(JobMasterParts.class);

    @BeforeEach
    void listen() {
        log.start();
        logger.addAppender(log);
    }

    @AfterEach
    void listenNoMore() {
        logger.removeAppender(log);
        log.stop();
    }

    @Test
    void unalignedCheckpointsAreTheReason() {
        SequencedJob job = new SequencedJob();
        job.configuration().set(CheckpointingOptions.ENABLE_UNALIGNED, true);

        assertThat(JobMasterParts.of(job.graph(), new Configuration())).isEmpty();

        assertThat(log.lines)
                .filteredOn(line -> line.startsWith("Auto-partition"))
                .singleElement()
                .asString()
                .startsWith("Auto-partition is off for this job, whose exchange is stock Flink's: job=")
                .endsWith("reason=unaligned checkpoints are enabled");
    }

    @Test
    void jobThatDoesNotWantItHearsNothingOfIt() {
        SequencedJob job = new SequencedJob();
        job.configuration().set(CheckpointingOptions.ENABLE_UNALIGNED, true);
        job.configuration().set(HoldfastOptions.AUTO_PARTITION_ENABLED, false);

        JobMasterParts.of(job.graph(), new Configuration());

        assertThat(log.lines).noneMatch(line -> line.contains("Auto-partition"));
    }

    /** Remembers what was logged. */
    private static final class RecordingAppender extends AbstractAppender {

        private final List<String> lines = new CopyOnWriteArrayList<>();

        RecordingAppender() {
            super("recording", null, null, true, Property.EMPTY_ARRAY);
        }

        @Override
        public void append(LogEvent event) {
            lines.add(event.getMessage().getFormattedMessage());
        }
    }
}
