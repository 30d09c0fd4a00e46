package io.holdfast.flink.rest;

import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import org.apache.flink.runtime.dispatcher.DispatcherGateway;
import org.apache.flink.runtime.rest.handler.AbstractRestHandler;
import org.apache.flink.runtime.rest.handler.HandlerRequest;
import org.apache.flink.runtime.rest.handler.RestHandlerException;
import org.apache.flink.runtime.rest.handler.RestHandlerException.LoggingBehavior;
import org.apache.flink.runtime.rest.handler.util.HandlerUtils;
import org.apache.flink.runtime.rest.messages.MessageParameters;
import org.apache.flink.runtime.rest.messages.RequestBody;
import org.apache.flink.runtime.webmonitor.retriever.GatewayRetriever;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelHandlerContext;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpRequest;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;

/** What the resources under {@code /holdfast/moves} and {@code /holdfast/leaving} have in common. REST handler and RPC threads. */
abstract class MovesHandler<R extends RequestBody, M extends MessageParameters>
        extends AbstractRestHandler<DispatcherGateway, R, MoveView, M> {

    /** Who asks for a move has little time, and asks again. */
    private static final Duration LONGEST_ANSWER = Duration.ofSeconds(10);

    private static final Pattern MOVE_ID = Pattern.compile("[0-9a-f]{32}");

    private final Duration answerTimeout;

    MovesHandler(
            GatewayRetriever<? extends DispatcherGateway> leaders,
            Duration timeout,
            Map<String, String> headers,
            MoveHeaders<R, M> resource) {
        super(leaders, timeout, headers, resource);
        this.answerTimeout = timeout.compareTo(LONGEST_ANSWER) < 0 ? timeout : LONGEST_ANSWER;
    }

    /** Flink's version always answers with the status of its resource. */
    @Override
    protected CompletableFuture<Void> respondToRequest(
            ChannelHandlerContext context, HttpRequest http, HandlerRequest<R> request, DispatcherGateway gateway) {
        CompletableFuture<MoveView> answer;
        try {
            answer = handleRequest(request, gateway);
        } catch (RestHandlerException e) {
            answer = CompletableFuture.failedFuture(e);
        }
        return answer.thenAccept(
                view -> HandlerUtils.sendResponse(context, http, view, view.status(), responseHeaders));
    }

    final Duration answerTimeout() {
        return answerTimeout;
    }

    final EveryJob everyJob(DispatcherGateway gateway) {
        return new EveryJob(gateway, answerTimeout);
    }

    /** The id in the path of {@code request}; 404 if it is none. */
    static String moveId(HandlerRequest<?> request) throws RestHandlerException {
        String id = request.getPathParameter(MoveIdPathParameter.class);
        if (!MOVE_ID.matcher(id).matches()) {
            throw notFound(id);
        }
        return id;
    }

    static RestHandlerException notFound(String id) {
        return new RestHandlerException(
                ("Move %s is not known. GET /holdfast/moves shows those that are; they are forgotten with their jobs, and"
                                + " when the JobManager restarts")
                        .formatted(id),
                HttpResponseStatus.NOT_FOUND,
                LoggingBehavior.IGNORE);
    }

    /** The whole of one move, with the jobs that Holdfast cannot move; 404 if no job knows of it. */
    static CompletableFuture<Map<String, Serializable>> whole(EveryJob jobs, String id, EveryJob.Answers answers) {
        if (answers.views().isEmpty()) {
            return CompletableFuture.failedFuture(notFound(id));
        }
        return withNotManaged(jobs, answers.views(), answers);
    }

    /** The whole of the move that {@code parts} are parts of, with the jobs that Holdfast cannot move. */
    static CompletableFuture<Map<String, Serializable>> withNotManaged(
            EveryJob jobs, List<Map<String, Serializable>> parts, EveryJob.Answers answers) {
        Map<String, Serializable> known = MoveViews.whole(parts);
        return jobs.withTasksOn(answers.notManaged(), Set.copyOf(MoveViews.taskManagersOf(known)))
                .thenApply(others -> {
                    List<Map<String, Serializable>> all = new ArrayList<>(parts);
                    others.forEach(job -> all.add(MoveViews.notManaged(job, known)));
                    return MoveViews.whole(all);
                });
    }
}
