package io.holdfast.resize.pod;

import io.holdfast.kubernetes.PodIdentity;
import java.util.Optional;

/** Events on this pod, which {@code kubectl describe pod} shows. An event that cannot be written changes nothing. */
public final class PodEvents {
    private final OwnPod pod;
    private final PodWatch watch;
    private final io.holdfast.kubernetes.PodEvents events;

    public PodEvents(OwnPod pod, PodWatch watch) {
        this.pod = pod;
        this.watch = watch;
        this.events = new io.holdfast.kubernetes.PodEvents(pod.client(), "holdfast-resize-sidecar");
    }

    /** What an event says, in one word. */
    public enum Reason {
        RESIZED("Resized", io.holdfast.kubernetes.PodEvents.Type.NORMAL),
        INFEASIBLE("ResizeInfeasible", io.holdfast.kubernetes.PodEvents.Type.WARNING),
        ROLLED_BACK("ResizeRolledBack", io.holdfast.kubernetes.PodEvents.Type.WARNING);

        private final String word;
        private final io.holdfast.kubernetes.PodEvents.Type type;

        Reason(String word, io.holdfast.kubernetes.PodEvents.Type type) {
            this.word = word;
            this.type = type;
        }
    }

    /** Writes one. Blocks as long as the API server takes. */
    public void write(Reason reason, String message) {
        PodIdentity identity = pod.identity();
        events.write(
                new io.holdfast.kubernetes.PodEvents.Pod(
                        identity.namespace(), identity.name(), watch.uid().orElse(""), Optional.of(pod.container())),
                reason.type,
                reason.word,
                message);
    }
}
