package org.apache.flink.runtime.webmonitor;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import org.apache.flink.runtime.operators.coordination.CoordinationResponse;

/**
 * The answer to a {@link MoveRequest}: one job's part of the moves that it names. Here because messages between processes
 * must be visible to Flink's RPC class loader.
 */
public final class MoveResponse implements CoordinationResponse {

    private static final long serialVersionUID = 1L;

    private final ArrayList<LinkedHashMap<String, Serializable>> views;
    private final boolean tooLate;

    /**
     * JobMaster main thread. {@code views}: per move what the REST API shows under "jobs" for the job, with the move's
     * "id", "reason", "taskmanagers", "createdAt", "deadlineAt", "requesters", "step", "degradations" and "leaving"; or the
     * latter alone. {@code tooLate}: the move was to be cancelled, and is past its point of no return or has ended otherwise;
     * or a TaskManager was to stay, and a move from it has not ended.
     */
    public MoveResponse(List<LinkedHashMap<String, Serializable>> views, boolean tooLate) {
        this.views = new ArrayList<>(views);
        this.tooLate = tooLate;
    }

    /** Any thread. Empty if the job's scheduler knows no such move. */
    public List<LinkedHashMap<String, Serializable>> views() {
        return List.copyOf(views);
    }

    /** Any thread. Whether a move that was to be cancelled goes on, or has ended otherwise. */
    public boolean tooLate() {
        return tooLate;
    }
}
