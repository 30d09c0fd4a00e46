package io.holdfast.benchmarks;

import io.holdfast.benchmarks.job.JobSettings;
import io.holdfast.benchmarks.job.JobSettings.SinkKind;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * One job and what is done to it. A round follows from the seed and its number alone.
 *
 * @param seconds for which the sources send
 */
record Round(
        int number,
        int seconds,
        int parallelism,
        int recordsPerSecond,
        int payloadBytes,
        int keys,
        SinkKind sink,
        boolean middle,
        long checkpointMillis,
        boolean autoPartition,
        List<Fault> faults) {

    JobSettings job(Path directory) {
        return new JobSettings(
                directory,
                parallelism,
                recordsPerSecond,
                recordsPerSplit(),
                payloadBytes,
                keys,
                sink,
                middle,
                checkpointMillis,
                autoPartition);
    }

    long recordsPerSplit() {
        return (long) recordsPerSecond * seconds / parallelism;
    }

    boolean hits(String operator) {
        return faults.stream().anyMatch(fault -> fault.hits(operator));
    }

    @Override
    public String toString() {
        return "round %d: %d s, parallelism %d, %d records/s of %d bytes, %d keys, %s sink%s, checkpoint every %d ms%s"
                .formatted(
                        number,
                        seconds,
                        parallelism,
                        recordsPerSecond,
                        payloadBytes,
                        keys,
                        sink.name().toLowerCase(Locale.ROOT),
                        middle ? ", middle operator" : "",
                        checkpointMillis,
                        autoPartition ? ", auto-partition" : "");
    }
}
