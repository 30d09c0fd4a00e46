package io.holdfast.flink.rest;

import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.runtime.dispatcher.DispatcherGateway;
import org.apache.flink.runtime.rest.handler.HandlerRequest;
import org.apache.flink.runtime.rest.messages.EmptyMessageParameters;
import org.apache.flink.runtime.rest.messages.EmptyRequestBody;
import org.apache.flink.runtime.webmonitor.MoveRequest;
import org.apache.flink.runtime.webmonitor.retriever.GatewayRetriever;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;

/** {@code GET /holdfast/moves}: all moves that are remembered, newest first. REST handler threads. */
final class ListMovesHandler extends MovesHandler<EmptyRequestBody, EmptyMessageParameters> {

    ListMovesHandler(
            GatewayRetriever<? extends DispatcherGateway> leaders, Duration timeout, Map<String, String> headers) {
        super(leaders, timeout, headers, MoveHeaders.LIST);
    }

    @Override
    protected CompletableFuture<MoveView> handleRequest(
            HandlerRequest<EmptyRequestBody> request, DispatcherGateway gateway) {
        return everyJob(gateway).ask(MoveRequest.list()).thenApply(answers -> {
            ArrayList<LinkedHashMap<String, Serializable>> moves = new ArrayList<>();
            MoveViews.all(answers.views()).forEach(move -> moves.add(new LinkedHashMap<>(move)));
            return new MoveView(HttpResponseStatus.OK, Map.of("moves", moves));
        });
    }
}
