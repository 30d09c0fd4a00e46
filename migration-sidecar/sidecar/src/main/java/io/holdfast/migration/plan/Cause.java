package io.holdfast.migration.plan;

/** Who says that the TaskManager has to leave. Bounded on purpose: it is a tag of metrics. */
public enum Cause {
    /** The pod is ended, and waits for an answer. */
    HOOK(true),
    /** This process is told to end. */
    SIGNAL(true),
    /** The pod is deleted. */
    POD_DELETED(true),
    /** An annotation on the pod. */
    POD_ANNOTATION(false),
    /** A taint of the node. */
    NODE_TAINT(false),
    /** Amazon's metadata. */
    AWS(false),
    /** Google's metadata. */
    GCP(false),
    /** Azure's metadata. */
    AZURE(false),
    /** Alibaba's metadata. */
    ALIBABA(false);

    private final boolean certain;

    Cause(boolean certain) {
        this.certain = certain;
    }

    /** Whether it cannot be withdrawn: the pod ends. */
    public boolean certain() {
        return certain;
    }

    /** Whether somebody waits with the pod's end until the tasks have left. */
    public boolean holds() {
        return this == HOOK || this == SIGNAL;
    }
}
