package org.apache.flink.runtime.webmonitor;

import io.holdfast.flink.handoff.StateOffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.operators.coordination.CoordinationRequest;

/**
 * Asks a job's scheduler to start, show or cancel moves of the job's tasks away from TaskManagers. It travels as a {@link
 * LedgerRequest} does. Here because messages between processes must be visible to Flink's RPC class loader.
 */
public final class MoveRequest implements CoordinationRequest {

    private static final long serialVersionUID = 1L;

    /** As {@link LedgerRequest#OPERATOR}. */
    public static final String OPERATOR = "holdfast-moves";

    /** What is asked. */
    public enum Kind {
        /** Move the job's tasks away; for a move that runs already, its deadline becomes this one if that is earlier. */
        START,
        /** One move. */
        GET,
        /** All moves that are remembered. */
        LIST,
        /** End a move before its point of no return, for all or for one that has asked for it. */
        CANCEL,
        /** The TaskManagers that no task goes to. */
        LEAVING,
        /** Tasks may go to a TaskManager again, as far as all are concerned, or one. */
        STAY
    }

    /** Who has asked for a move without saying who that is. */
    public static final String ANONYMOUS = "anonymous";

    private static final long NO_TIME = 0;

    private final Kind kind;
    private final String id;
    private final ArrayList<ResourceID> taskManagers;
    private final String reason;
    private final long deadlineMs;
    private final long leavingUntilMs;
    private final boolean byNode;

    private final HashMap<ResourceID, StateOffer> offers = new HashMap<>();
    private String requester = "";

    private MoveRequest(
            Kind kind,
            String id,
            List<ResourceID> taskManagers,
            String reason,
            long deadlineMs,
            long leavingUntilMs,
            boolean byNode) {
        this.kind = kind;
        this.id = id;
        this.taskManagers = new ArrayList<>(taskManagers);
        this.reason = reason;
        this.deadlineMs = deadlineMs;
        this.leavingUntilMs = leavingUntilMs;
        this.byNode = byNode;
    }

    /**
     * REST handler thread. Times are of {@link System#currentTimeMillis()}.
     *
     * @param id 32 hexadecimal digits; one of a running move joins it
     * @param taskManagers all that are to be left, those of the job's tasks or not: none of them is a target
     * @param reason for people
     * @param deadlineMs when the TaskManagers may be gone
     * @param leavingUntilMs until when no task goes to them
     * @param byNode whether {@code taskManagers} are all of their node, because the node leaves
     */
    public static MoveRequest start(
            String id,
            List<ResourceID> taskManagers,
            String reason,
            long deadlineMs,
            long leavingUntilMs,
            boolean byNode) {
        return new MoveRequest(Kind.START, id, taskManagers, reason, deadlineMs, leavingUntilMs, byNode)
                .requestedBy(ANONYMOUS);
    }

    /** REST handler thread. The answer has one view, or none if the move is not known. */
    public static MoveRequest get(String id) {
        return about(Kind.GET, id);
    }

    /** REST handler thread. The answer has the views of all moves that are remembered, newest first. */
    public static MoveRequest list() {
        return about(Kind.LIST, "");
    }

    /**
     * REST handler thread. The answer is that to {@link #get} and {@link MoveResponse#tooLate()}. With {@link #requestedBy}
     * the move goes on, if others want it.
     */
    public static MoveRequest cancel(String id) {
        return about(Kind.CANCEL, id);
    }

    /**
     * REST handler thread. The answer has one view, with all of them under "leaving": "taskmanager", "until", "requesters",
     * and "moves" that have not ended.
     */
    public static MoveRequest leaving() {
        return about(Kind.LEAVING, "");
    }

    /**
     * REST handler thread. The answer is that to {@link #leaving}, after it was done; or {@link MoveResponse#tooLate()}, and
     * it was not done, if a move has not ended; or no view, if the TaskManager was not leaving. With {@link #requestedBy}
     * the TaskManager goes on leaving, if others want that.
     */
    public static MoveRequest stay(ResourceID taskManager) {
        return new MoveRequest(Kind.STAY, "", List.of(taskManager), "", NO_TIME, NO_TIME, false);
    }

    /** REST handler thread. The same, asked by {@code name}. */
    public MoveRequest requestedBy(String name) {
        requester = name;
        return this;
    }

    /** REST handler thread. The same; the local state of {@code taskManager} can be fetched at {@code offer}. */
    public MoveRequest offering(ResourceID taskManager, StateOffer offer) {
        offers.put(taskManager, offer);
        return this;
    }

    private static MoveRequest about(Kind kind, String id) {
        return new MoveRequest(kind, id, List.of(), "", NO_TIME, NO_TIME, false);
    }

    /** Any thread. */
    public Kind kind() {
        return kind;
    }

    /** Any thread. Empty for what is not about one move. */
    public String id() {
        return id;
    }

    /** Any thread. Who asks; empty for all. */
    public String requester() {
        return requester;
    }

    /** Any thread. Of {@link Kind#START} and {@link Kind#STAY}. */
    public List<ResourceID> taskManagers() {
        return List.copyOf(taskManagers);
    }

    /** Any thread. Of {@link Kind#START}, as all below. */
    public String reason() {
        return reason;
    }

    /** Any thread. */
    public long deadlineMs() {
        return deadlineMs;
    }

    /** Any thread. */
    public long leavingUntilMs() {
        return leavingUntilMs;
    }

    /** Any thread. */
    public boolean byNode() {
        return byNode;
    }

    /** Any thread. Where local state can be fetched, by TaskManager. */
    public Map<ResourceID, StateOffer> offers() {
        return Map.copyOf(offers);
    }
}
