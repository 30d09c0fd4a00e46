package io.holdfast.flink.rest;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.runtime.dispatcher.DispatcherGateway;
import org.apache.flink.runtime.rest.handler.HandlerRequest;
import org.apache.flink.runtime.rest.handler.RestHandlerException;
import org.apache.flink.runtime.rest.messages.EmptyRequestBody;
import org.apache.flink.runtime.webmonitor.MoveRequest;
import org.apache.flink.runtime.webmonitor.retriever.GatewayRetriever;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;

/** {@code GET /holdfast/moves/:moveid}: how a move goes. REST handler threads. */
final class ShowMoveHandler extends MovesHandler<EmptyRequestBody, MoveHeaders.Parameters> {

    ShowMoveHandler(
            GatewayRetriever<? extends DispatcherGateway> leaders, Duration timeout, Map<String, String> headers) {
        super(leaders, timeout, headers, MoveHeaders.SHOW);
    }

    @Override
    protected CompletableFuture<MoveView> handleRequest(
            HandlerRequest<EmptyRequestBody> request, DispatcherGateway gateway) throws RestHandlerException {
        String id = moveId(request);
        EveryJob jobs = everyJob(gateway);
        return jobs.ask(MoveRequest.get(id))
                .thenCompose(answers -> whole(jobs, id, answers))
                .thenApply(move -> new MoveView(HttpResponseStatus.OK, move));
    }
}
