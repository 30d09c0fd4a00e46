package io.holdfast.flink.rest;

import java.io.Serializable;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.dispatcher.DispatcherGateway;
import org.apache.flink.runtime.rest.handler.HandlerRequest;
import org.apache.flink.runtime.rest.handler.RestHandlerException;
import org.apache.flink.runtime.rest.handler.RestHandlerException.LoggingBehavior;
import org.apache.flink.runtime.rest.messages.EmptyRequestBody;
import org.apache.flink.runtime.rest.messages.taskmanager.TaskManagerIdPathParameter;
import org.apache.flink.runtime.webmonitor.MoveRequest;
import org.apache.flink.runtime.webmonitor.retriever.GatewayRetriever;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;

/**
 * {@code DELETE /holdfast/leaving/:taskmanagerid}: tasks of all jobs may go to a TaskManager again. Jobs are asked first
 * whether a move from it goes on: in that case nothing changes for any of them. REST handler threads.
 */
final class EndLeavingHandler extends MovesHandler<EmptyRequestBody, MoveHeaders.OneTaskManager> {

    private final Turns turns;

    EndLeavingHandler(
            GatewayRetriever<? extends DispatcherGateway> leaders,
            Duration timeout,
            Map<String, String> headers,
            Turns turns) {
        super(leaders, timeout, headers, MoveHeaders.END_LEAVING);
        this.turns = turns;
    }

    @Override
    protected CompletableFuture<MoveView> handleRequest(
            HandlerRequest<EmptyRequestBody> request, DispatcherGateway gateway) throws RestHandlerException {
        ResourceID taskManager = request.getPathParameter(TaskManagerIdPathParameter.class);
        String requester = Requester.in(request);
        EveryJob jobs = everyJob(gateway);
        return turns.take(() -> jobs.ask(MoveRequest.list()).thenCompose(moves -> {
            Optional<String> going = MoveViews.goingFrom(moves.views(), taskManager.getResourceIdString(), requester);
            return going.isPresent()
                    ? CompletableFuture.failedFuture(moving(taskManager, "Move " + going.get()))
                    : end(taskManager, requester, jobs);
        }));
    }

    private static CompletableFuture<MoveView> end(ResourceID taskManager, String requester, EveryJob jobs) {
        return jobs.ask(MoveRequest.stay(taskManager).requestedBy(requester)).thenCompose(answers -> {
            if (!answers.tooLate().isEmpty()) { // it has begun just now
                return CompletableFuture.failedFuture(moving(taskManager, "A move"));
            }
            if (answers.views().isEmpty()) {
                return CompletableFuture.failedFuture(new RestHandlerException(
                        "TaskManager %s is not leaving. GET /holdfast/leaving shows those that are"
                                .formatted(taskManager),
                        HttpResponseStatus.NOT_FOUND,
                        LoggingBehavior.IGNORE));
            }
            Map<String, Serializable> left = MoveViews.leavingOf(answers.views());
            return CompletableFuture.completedFuture(new MoveView(HttpResponseStatus.OK, left));
        });
    }

    private static RestHandlerException moving(ResourceID taskManager, String move) {
        return new RestHandlerException(
                "%s from TaskManager %s has not ended, so it leaves. Cancel that first, by DELETE /holdfast/moves/ID, or wait for its end"
                        .formatted(move, taskManager),
                HttpResponseStatus.CONFLICT,
                LoggingBehavior.IGNORE);
    }
}
