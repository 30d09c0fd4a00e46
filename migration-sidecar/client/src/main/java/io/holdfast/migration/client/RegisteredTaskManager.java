package io.holdfast.migration.client;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A TaskManager as the JobManager lists it.
 *
 * @param id its resource id, which moves name it by
 * @param path its RPC address, such as {@code pekko.tcp://flink@10.1.2.3:6122/user/rpc/taskmanager_0}
 * @param idle whether all of its slots are free
 */
public record RegisteredTaskManager(String id, String path, boolean idle) {
    private static final Pattern HOST =
            Pattern.compile("^[a-z.+-]+://(?:[^@/]*@)?(\\[[^]/]+]|[^:/]+)(?::\\d+)?(?:/.*)?$");

    /** Host of {@link #path}, without brackets; blank if there is none. */
    public String host() {
        Matcher matcher = HOST.matcher(path);
        return matcher.matches() ? matcher.group(1).replaceAll("[\\[\\]]", "") : "";
    }

    /** Whether {@code podName} or {@code podIp} is where it is. Either may be blank, for not known. */
    boolean runsAt(String podName, String podIp) {
        String host = host();
        return !host.isBlank()
                && (host.equals(podIp)
                        || !podName.isBlank() && (host.equals(podName) || host.startsWith(podName + ".")));
    }
}
