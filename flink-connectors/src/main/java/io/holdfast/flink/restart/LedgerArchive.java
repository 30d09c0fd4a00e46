package io.holdfast.flink.restart;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.api.common.JobID;

/**
 * The ledgers of jobs that have ended, or that Holdfast does not manage, in this process; the {@value #KEPT} latest. It
 * is one per process because a REST endpoint outlives the JobMasters it speaks for, and nothing of Flink's connects the
 * two once a job has ended. Thread-safe.
 */
public final class LedgerArchive {

    static final int KEPT = 100;

    public static final LedgerArchive INSTANCE = new LedgerArchive();

    private final Map<JobID, LinkedHashMap<String, Serializable>> views = new LinkedHashMap<>();

    LedgerArchive() {}

    /** Any thread. Keeps the last word on a job. */
    public synchronized void keep(JobID job, LinkedHashMap<String, Serializable> view) {
        views.remove(job);
        views.put(job, view);
        if (views.size() > KEPT) {
            views.remove(views.keySet().iterator().next());
        }
    }

    /** Any thread. */
    public synchronized Optional<LinkedHashMap<String, Serializable>> find(JobID job) {
        return Optional.ofNullable(views.get(job));
    }
}
