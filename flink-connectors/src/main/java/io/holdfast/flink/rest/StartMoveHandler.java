package io.holdfast.flink.rest;

import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import javax.annotation.Nullable;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.dispatcher.DispatcherGateway;
import org.apache.flink.runtime.resourcemanager.ResourceManagerGateway;
import org.apache.flink.runtime.rest.handler.HandlerRequest;
import org.apache.flink.runtime.rest.handler.RestHandlerException;
import org.apache.flink.runtime.rest.handler.resourcemanager.AbstractResourceManagerHandler;
import org.apache.flink.runtime.rest.messages.EmptyMessageParameters;
import org.apache.flink.runtime.rest.messages.RequestBody;
import org.apache.flink.runtime.rest.messages.taskmanager.TaskManagerInfo;
import org.apache.flink.runtime.webmonitor.MoveRequest;
import org.apache.flink.runtime.webmonitor.retriever.GatewayRetriever;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.annotation.JsonCreator;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;
import org.apache.flink.util.AbstractID;

/**
 * {@code POST /holdfast/moves}: moves the tasks of all jobs away from TaskManagers, or joins a move that does so.
 *
 * <p>Threads: REST handler and RPC threads. Requests take turns, for one that comes while another starts a move must find
 * that move.
 */
final class StartMoveHandler extends MovesHandler<StartMoveHandler.Body, EmptyMessageParameters> {

    private final GatewayRetriever<ResourceManagerGateway> resourceManagers;
    private final Duration moveTimeout;
    private final Duration leavingTime;
    private final LongSupplier clockMillis;
    private final Turns turns;

    /**
     * @param moveTimeout until the deadline of a move that names none
     * @param leavingTime how long no task goes to the TaskManagers after the deadline, for a move that does not say it
     */
    StartMoveHandler(
            GatewayRetriever<? extends DispatcherGateway> leaders,
            GatewayRetriever<ResourceManagerGateway> resourceManagers,
            Duration timeout,
            Map<String, String> headers,
            Duration moveTimeout,
            Duration leavingTime,
            LongSupplier clockMillis,
            Turns turns) {
        super(leaders, timeout, headers, MoveHeaders.START);
        this.resourceManagers = resourceManagers;
        this.moveTimeout = moveTimeout;
        this.leavingTime = leavingTime;
        this.clockMillis = clockMillis;
        this.turns = turns;
    }

    @Override
    protected CompletableFuture<MoveView> handleRequest(HandlerRequest<Body> request, DispatcherGateway gateway)
            throws RestHandlerException {
        MoveOrder order =
                MoveOrder.parse(request.getRequestBody().fields, clockMillis.getAsLong(), moveTimeout, leavingTime);
        String requester = Requester.in(request.getRequestBody().fields);
        ResourceManagerGateway resourceManager =
                AbstractResourceManagerHandler.getResourceManagerGateway(resourceManagers);
        EveryJob jobs = everyJob(gateway);
        return turns.take(() -> resourceManager
                .requestTaskManagerInfo(answerTimeout())
                .thenCompose(registered -> resolve(order, registered, jobs))
                .thenCompose(resolved -> startOrJoin(resolved, requester, jobs)));
    }

    /** The order for all TaskManagers that it is about; 404 if it names one that is not registered. */
    private CompletableFuture<MoveOrder> resolve(
            MoveOrder order, Collection<TaskManagerInfo> registered, EveryJob jobs) {
        TaskManagers known = TaskManagers.of(registered);
        Optional<RestHandlerException> unknown = known.refusalOf(order.taskManagers());
        if (unknown.isPresent()) {
            return CompletableFuture.failedFuture(unknown.get());
        }
        if (!order.byNode()) {
            return CompletableFuture.completedFuture(order);
        }
        return jobs.nodes().thenApply(nodes -> order.withTaskManagers(known.onNodesOf(order.taskManagers(), nodes)));
    }

    private CompletableFuture<MoveView> startOrJoin(MoveOrder order, String requester, EveryJob jobs) {
        return jobs.ask(MoveRequest.list()).thenCompose(answers -> {
            Optional<Map<String, Serializable>> running = MoveViews.all(answers.views()).stream()
                    .filter(move -> !MoveViews.hasEnded(move)
                            && MoveViews.taskManagersOf(move).containsAll(order.taskManagers()))
                    .findFirst();
            return running.isPresent()
                    ? join(running.get(), order, requester, jobs)
                    : start(new AbstractID().toHexString(), order, requester, jobs)
                            .thenApply(move -> new MoveView(
                                    MoveViews.hasEnded(move) ? HttpResponseStatus.OK : HttpResponseStatus.ACCEPTED,
                                    move));
        });
    }

    /** The deadline of the move becomes that of {@code order} if that is earlier. */
    private CompletableFuture<MoveView> join(
            Map<String, Serializable> running, MoveOrder order, String requester, EveryJob jobs) {
        MoveOrder same = order.withTaskManagers(MoveViews.taskManagersOf(running));
        return start(MoveViews.text(running, MoveViews.ID), same, requester, jobs)
                .thenApply(move -> new MoveView(HttpResponseStatus.OK, move));
    }

    private CompletableFuture<Map<String, Serializable>> start(
            String id, MoveOrder order, String requester, EveryJob jobs) {
        List<ResourceID> taskManagers =
                order.taskManagers().stream().map(ResourceID::new).toList();
        MoveRequest request = MoveRequest.start(
                        id, taskManagers, order.reason(), order.deadlineMs(), order.leavingUntilMs(), order.byNode())
                .requestedBy(requester);
        order.offers().forEach((taskManager, offer) -> request.offering(new ResourceID(taskManager), offer));
        return jobs.ask(request).thenCompose(answers -> {
            List<Map<String, Serializable>> parts = new ArrayList<>(answers.views());
            if (parts.isEmpty()) {
                parts.add(MoveViews.nothingThere(id, order, requester, clockMillis.getAsLong()));
            }
            return withNotManaged(jobs, parts, answers);
        });
    }

    /** What is asked for, as JSON; {@link MoveOrder} checks it. */
    static final class Body implements RequestBody {

        private final Map<String, Object> fields;

        @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
        Body(@Nullable Map<String, Object> fields) {
            this.fields = fields == null ? Map.of() : fields;
        }
    }
}
