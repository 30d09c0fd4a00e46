package io.holdfast.flink.rest;

import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;
import org.apache.flink.runtime.rest.HttpMethodWrapper;
import org.apache.flink.runtime.rest.messages.EmptyMessageParameters;
import org.apache.flink.runtime.rest.messages.EmptyRequestBody;
import org.apache.flink.runtime.rest.messages.MessageParameters;
import org.apache.flink.runtime.rest.messages.MessagePathParameter;
import org.apache.flink.runtime.rest.messages.MessageQueryParameter;
import org.apache.flink.runtime.rest.messages.RequestBody;
import org.apache.flink.runtime.rest.messages.RuntimeMessageHeaders;
import org.apache.flink.runtime.rest.messages.taskmanager.TaskManagerIdPathParameter;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;

/** A resource under {@code /holdfast/moves} or {@code /holdfast/leaving} and a method of it. */
final class MoveHeaders<R extends RequestBody, M extends MessageParameters>
        implements RuntimeMessageHeaders<R, MoveView, M> {

    static final String MOVES = "/holdfast/moves";
    static final String MOVE = MOVES + "/:" + MoveIdPathParameter.KEY;
    static final String ALL_LEAVING = "/holdfast/leaving";
    static final String ONE_LEAVING = ALL_LEAVING + "/:" + TaskManagerIdPathParameter.KEY;

    static final MoveHeaders<StartMoveHandler.Body, EmptyMessageParameters> START = new MoveHeaders<>(
            HttpMethodWrapper.POST,
            MOVES,
            StartMoveHandler.Body.class,
            EmptyMessageParameters::getInstance,
            HttpResponseStatus.ACCEPTED,
            "Moves the tasks of all jobs away from TaskManagers that are about to leave.");

    static final MoveHeaders<EmptyRequestBody, EmptyMessageParameters> LIST = new MoveHeaders<>(
            HttpMethodWrapper.GET,
            MOVES,
            EmptyRequestBody.class,
            EmptyMessageParameters::getInstance,
            HttpResponseStatus.OK,
            "The moves that are remembered, newest first.");

    static final MoveHeaders<EmptyRequestBody, Parameters> SHOW = new MoveHeaders<>(
            HttpMethodWrapper.GET,
            MOVE,
            EmptyRequestBody.class,
            Parameters::new,
            HttpResponseStatus.OK,
            "How a move goes.");

    static final MoveHeaders<EmptyRequestBody, CancelParameters> CANCEL = new MoveHeaders<>(
            HttpMethodWrapper.DELETE,
            MOVE,
            EmptyRequestBody.class,
            CancelParameters::new,
            HttpResponseStatus.ACCEPTED,
            "Ends a move before its point of no return, as if it had not been asked for; or the wish of one for it.");

    static final MoveHeaders<EmptyRequestBody, EmptyMessageParameters> LEAVING = new MoveHeaders<>(
            HttpMethodWrapper.GET,
            ALL_LEAVING,
            EmptyRequestBody.class,
            EmptyMessageParameters::getInstance,
            HttpResponseStatus.OK,
            "The TaskManagers that no task goes to, for they are about to leave.");

    static final MoveHeaders<EmptyRequestBody, OneTaskManager> END_LEAVING = new MoveHeaders<>(
            HttpMethodWrapper.DELETE,
            ONE_LEAVING,
            EmptyRequestBody.class,
            OneTaskManager::new,
            HttpResponseStatus.OK,
            "Tasks may go to a TaskManager again, for it stays after all.");

    /** All of them. */
    static final List<MoveHeaders<?, ?>> ALL = List.of(START, LIST, SHOW, CANCEL, LEAVING, END_LEAVING);

    private final HttpMethodWrapper method;
    private final String url;
    private final Class<R> request;
    private final Supplier<M> parameters;
    private final HttpResponseStatus usualStatus;
    private final String description;

    private MoveHeaders(
            HttpMethodWrapper method,
            String url,
            Class<R> request,
            Supplier<M> parameters,
            HttpResponseStatus usualStatus,
            String description) {
        this.method = method;
        this.url = url;
        this.request = request;
        this.parameters = parameters;
        this.usualStatus = usualStatus;
        this.description = description;
    }

    @Override
    public HttpMethodWrapper getHttpMethod() {
        return method;
    }

    @Override
    public String getTargetRestEndpointURL() {
        return url;
    }

    @Override
    public Class<R> getRequestClass() {
        return request;
    }

    @Override
    public Class<MoveView> getResponseClass() {
        return MoveView.class;
    }

    @Override
    public HttpResponseStatus getResponseStatusCode() {
        return usualStatus;
    }

    @Override
    public M getUnresolvedMessageParameters() {
        return parameters.get();
    }

    @Override
    public String getDescription() {
        return description;
    }

    /** A move. */
    static final class Parameters extends MessageParameters {

        private final MoveIdPathParameter move = new MoveIdPathParameter();

        @Override
        public Collection<MessagePathParameter<?>> getPathParameters() {
            return List.of(move);
        }

        @Override
        public Collection<MessageQueryParameter<?>> getQueryParameters() {
            return List.of();
        }
    }

    /** A move, and for whom it ends. */
    static final class CancelParameters extends MessageParameters {

        private final MoveIdPathParameter move = new MoveIdPathParameter();
        private final Requester requester = new Requester();

        @Override
        public Collection<MessagePathParameter<?>> getPathParameters() {
            return List.of(move);
        }

        @Override
        public Collection<MessageQueryParameter<?>> getQueryParameters() {
            return List.of(requester);
        }
    }

    /** A TaskManager, and as far as whom is concerned. */
    static final class OneTaskManager extends MessageParameters {

        private final TaskManagerIdPathParameter taskManager = new TaskManagerIdPathParameter();
        private final Requester requester = new Requester();

        @Override
        public Collection<MessagePathParameter<?>> getPathParameters() {
            return List.of(taskManager);
        }

        @Override
        public Collection<MessageQueryParameter<?>> getQueryParameters() {
            return List.of(requester);
        }
    }
}
