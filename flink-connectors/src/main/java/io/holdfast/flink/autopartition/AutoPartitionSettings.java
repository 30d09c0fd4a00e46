package io.holdfast.flink.autopartition;

import io.holdfast.flink.config.HoldfastOptions;
import io.holdfast.flink.config.HoldfastOptions.Algorithm;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.Configuration;

/**
 * Automatic partitioning as one job wants it.
 *
 * @param enabled for every edge that allows it; edges that ask for it have it anyway
 * @param exclude operators whose edges stay as they are
 * @param adaptiveToo whether Flink's own adaptive partitioner is on, which Flink 2.3 brought
 */
public record AutoPartitionSettings(boolean enabled, List<String> exclude, Algorithm algorithm, boolean adaptiveToo) {

    private static final ConfigOption<Boolean> ADAPTIVE = ConfigOptions.key(
                    "taskmanager.network.adaptive-partitioner.enabled")
            .booleanType()
            .defaultValue(false);

    /** Any thread. From the cluster's configuration, overridden by the job's. */
    public static AutoPartitionSettings of(Configuration cluster, Configuration job) {
        Configuration both = new Configuration(cluster);
        both.addAll(job);
        return new AutoPartitionSettings(
                both.get(HoldfastOptions.AUTO_PARTITION_ENABLED),
                both.get(HoldfastOptions.AUTO_PARTITION_EXCLUDE),
                both.get(HoldfastOptions.AUTO_PARTITION_ALGORITHM),
                job.get(ADAPTIVE)); // Flink asks the job's configuration only
    }

    /** Any thread. Whether a name or uid is excluded; a star stands for any characters. */
    boolean excludes(String name) {
        return exclude.stream().anyMatch(pattern -> matches(pattern, name));
    }

    private static boolean matches(String pattern, String name) {
        String regex = Pattern.compile("*", Pattern.LITERAL)
                .splitAsStream(pattern + "\0")
                .map(Pattern::quote)
                .collect(Collectors.joining(".*"));
        return (name + "\0").matches("(?s)" + regex);
    }
}
