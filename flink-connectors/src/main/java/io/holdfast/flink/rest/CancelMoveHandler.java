package io.holdfast.flink.rest;

import java.io.Serializable;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.dispatcher.DispatcherGateway;
import org.apache.flink.runtime.rest.handler.HandlerRequest;
import org.apache.flink.runtime.rest.handler.RestHandlerException;
import org.apache.flink.runtime.rest.handler.RestHandlerException.LoggingBehavior;
import org.apache.flink.runtime.rest.messages.EmptyRequestBody;
import org.apache.flink.runtime.webmonitor.MoveRequest;
import org.apache.flink.runtime.webmonitor.retriever.GatewayRetriever;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;

/**
 * {@code DELETE /holdfast/moves/:moveid}: ends a move before its point of no return, which each of its jobs passes for
 * itself; or, with {@code ?requester=}, the wish of one for it. REST handler threads.
 */
final class CancelMoveHandler extends MovesHandler<EmptyRequestBody, MoveHeaders.CancelParameters> {

    private final Turns turns;

    CancelMoveHandler(
            GatewayRetriever<? extends DispatcherGateway> leaders,
            Duration timeout,
            Map<String, String> headers,
            Turns turns) {
        super(leaders, timeout, headers, MoveHeaders.CANCEL);
        this.turns = turns;
    }

    @Override
    protected CompletableFuture<MoveView> handleRequest(
            HandlerRequest<EmptyRequestBody> request, DispatcherGateway gateway) throws RestHandlerException {
        String id = moveId(request);
        String requester = Requester.in(request);
        EveryJob jobs = everyJob(gateway);
        return turns.take(() -> jobs.ask(MoveRequest.cancel(id).requestedBy(requester))
                .thenCompose(answers -> answers.tooLate().isEmpty()
                        ? whole(jobs, id, answers).thenApply(move -> new MoveView(status(move, requester), move))
                        : CompletableFuture.failedFuture(tooLate(id, answers))));
    }

    /** Others may want it still, and may have it by now. */
    private static HttpResponseStatus status(Map<String, Serializable> move, String requester) {
        boolean wanted = !requester.isEmpty()
                && MoveViews.requestersOf(move).stream().anyMatch(other -> !other.equals(requester));
        return wanted ? HttpResponseStatus.OK : HttpResponseStatus.ACCEPTED;
    }

    private static RestHandlerException tooLate(String id, EveryJob.Answers answers) {
        String state = MoveViews.text(MoveViews.whole(answers.views()), MoveViews.STATE);
        return new RestHandlerException(
                "Move %s is %s, and past its point of no return for job %s: it was not cancelled there. GET /holdfast/moves/%s shows how it goes"
                        .formatted(
                                id,
                                state,
                                answers.tooLate().stream()
                                        .map(JobID::toHexString)
                                        .collect(Collectors.joining(", ")),
                                id),
                HttpResponseStatus.CONFLICT,
                LoggingBehavior.IGNORE);
    }
}
