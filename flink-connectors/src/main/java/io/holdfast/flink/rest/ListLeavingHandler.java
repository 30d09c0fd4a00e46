package io.holdfast.flink.rest;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.runtime.dispatcher.DispatcherGateway;
import org.apache.flink.runtime.rest.handler.HandlerRequest;
import org.apache.flink.runtime.rest.messages.EmptyMessageParameters;
import org.apache.flink.runtime.rest.messages.EmptyRequestBody;
import org.apache.flink.runtime.webmonitor.MoveRequest;
import org.apache.flink.runtime.webmonitor.retriever.GatewayRetriever;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;

/** {@code GET /holdfast/leaving}: TaskManagers that no task goes to. REST handler threads. */
final class ListLeavingHandler extends MovesHandler<EmptyRequestBody, EmptyMessageParameters> {

    ListLeavingHandler(
            GatewayRetriever<? extends DispatcherGateway> leaders, Duration timeout, Map<String, String> headers) {
        super(leaders, timeout, headers, MoveHeaders.LEAVING);
    }

    @Override
    protected CompletableFuture<MoveView> handleRequest(
            HandlerRequest<EmptyRequestBody> request, DispatcherGateway gateway) {
        return everyJob(gateway)
                .ask(MoveRequest.leaving())
                .thenApply(answers -> new MoveView(HttpResponseStatus.OK, MoveViews.leavingOf(answers.views())));
    }
}
