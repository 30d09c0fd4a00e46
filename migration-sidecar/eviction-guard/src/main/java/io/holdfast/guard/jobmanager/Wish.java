package io.holdfast.guard.jobmanager;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * That the tasks of a pod leave it.
 *
 * @param jobManagers that stand by for one another; not empty
 * @param taskManager id of the pod's TaskManager; if absent, it is looked for
 * @param podIp blank if it is not known
 * @param reason for people
 * @param timeout how long the move may take
 * @param wholeNode whether nothing may be moved to others on the pod's node
 * @param lastMove the move that was asked for before
 */
public record Wish(
        List<URI> jobManagers,
        Optional<String> taskManager,
        String podName,
        String podIp,
        String reason,
        Duration timeout,
        boolean wholeNode,
        Optional<String> lastMove) {}
