package io.holdfast.guard;

import io.holdfast.guard.cluster.SeenPod;
import io.holdfast.guard.jobmanager.Addresses;
import io.holdfast.guard.jobmanager.Tenant;
import java.net.URI;
import java.util.List;
import java.util.Optional;

/** Finds out of pods which TaskManagers they are. */
final class Tenants {
    private Tenants() {}

    /** Empty if nothing tells where the pod's JobManager is. */
    static Optional<Tenant> of(SeenPod pod) {
        List<URI> jobManagers = Addresses.of(pod.namespace(), pod.labels(), pod.annotations());
        return jobManagers.isEmpty()
                ? Optional.empty()
                : Optional.of(Tenant.of(
                        jobManagers,
                        Addresses.taskManager(pod.annotations()),
                        pod.name(),
                        pod.uid(),
                        pod.ip().orElse("")));
    }
}
