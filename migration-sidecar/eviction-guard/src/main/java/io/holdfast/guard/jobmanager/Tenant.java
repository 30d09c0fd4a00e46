package io.holdfast.guard.jobmanager;

import io.holdfast.migration.client.MoveClient;
import java.net.URI;
import java.util.List;
import java.util.Optional;

/**
 * The TaskManager in a pod, as far as its JobManager has to know it.
 *
 * @param jobManagers that stand by for one another; not empty
 * @param taskManager its id; if absent, it is looked for
 * @param podIp blank if it is not known
 * @param requester as whom the guard asks the JobManager for this pod
 */
public record Tenant(
        List<URI> jobManagers, Optional<String> taskManager, String podName, String podIp, String requester) {

    /** The guard asks for each pod by a name of its own: pods of one name follow one another, and are told apart. */
    public static Tenant of(
            List<URI> jobManagers, Optional<String> taskManager, String podName, String podUid, String podIp) {
        return new Tenant(
                jobManagers, taskManager, podName, podIp, MoveClient.requester("guard", podName + "-" + podUid));
    }
}
