package io.holdfast.benchmarks.job;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What {@link NumbersJob} or {@link ThroughputJob} is asked to do.
 *
 * @param directory through which the job and its program talk
 * @param splits of the source, one per subtask: the job's parallelism
 * @param recordsPerSecond of all splits together; 0 for as many as go through
 * @param recordsPerSplit after which a split ends
 * @param payloadBytes ballast per record
 * @param keys number of different keys
 * @param sink where records go
 * @param middle whether an operator of its own vertex stands between map and sink
 * @param checkpointMillis from one checkpoint to the next
 * @param autoPartition whether Holdfast chooses who gets a record, where any receiver will do
 */
public record JobSettings(
        Path directory,
        int splits,
        int recordsPerSecond,
        long recordsPerSplit,
        int payloadBytes,
        int keys,
        SinkKind sink,
        boolean middle,
        long checkpointMillis,
        boolean autoPartition) {

    /** Where records go. */
    public enum SinkKind {
        /** A file per attempt, written at once. */
        FILE,
        /** Files that a committer moves into place once their checkpoint has completed. */
        COMMITTING
    }

    /** As {@link NumbersJob#main} takes it after the JobManager's address. */
    public List<String> toArguments() {
        List<String> arguments = new ArrayList<>();
        Map<String, Object> values = Map.of(
                "directory", directory,
                "splits", splits,
                "rate", recordsPerSecond,
                "records", recordsPerSplit,
                "payload", payloadBytes,
                "keys", keys,
                "sink", sink,
                "middle", middle,
                "checkpoint", checkpointMillis,
                "auto", autoPartition);
        values.forEach((key, value) -> arguments.add(key + "=" + value));
        return arguments;
    }

    static JobSettings parse(List<String> arguments) {
        Map<String, String> values = new HashMap<>();
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            values.put(argument.substring(0, equals), argument.substring(equals + 1));
        }
        return new JobSettings(
                Path.of(values.get("directory")),
                Integer.parseInt(values.get("splits")),
                Integer.parseInt(values.get("rate")),
                Long.parseLong(values.get("records")),
                Integer.parseInt(values.get("payload")),
                Integer.parseInt(values.get("keys")),
                SinkKind.valueOf(values.get("sink")),
                Boolean.parseBoolean(values.get("middle")),
                Long.parseLong(values.get("checkpoint")),
                Boolean.parseBoolean(values.get("auto")));
    }
}
