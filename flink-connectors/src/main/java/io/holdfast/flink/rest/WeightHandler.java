package io.holdfast.flink.rest;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import javax.annotation.Nullable;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.dispatcher.DispatcherGateway;
import org.apache.flink.runtime.messages.FlinkJobNotFoundException;
import org.apache.flink.runtime.rest.HttpMethodWrapper;
import org.apache.flink.runtime.rest.handler.AbstractRestHandler;
import org.apache.flink.runtime.rest.handler.HandlerRequest;
import org.apache.flink.runtime.rest.handler.RestHandlerException;
import org.apache.flink.runtime.rest.messages.JobIDPathParameter;
import org.apache.flink.runtime.rest.messages.MessageParameters;
import org.apache.flink.runtime.rest.messages.MessagePathParameter;
import org.apache.flink.runtime.rest.messages.MessageQueryParameter;
import org.apache.flink.runtime.rest.messages.RequestBody;
import org.apache.flink.runtime.rest.messages.ResponseBody;
import org.apache.flink.runtime.rest.messages.RuntimeMessageHeaders;
import org.apache.flink.runtime.rest.messages.taskmanager.TaskManagerIdPathParameter;
import org.apache.flink.runtime.scheduler.CoordinatorNotExistException;
import org.apache.flink.runtime.webmonitor.WeightRequest;
import org.apache.flink.runtime.webmonitor.WeightResponse;
import org.apache.flink.runtime.webmonitor.retriever.GatewayRetriever;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.annotation.JsonCreator;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.annotation.JsonProperty;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;
import org.apache.flink.util.ExceptionUtils;

/**
 * {@code PUT /holdfast/jobs/:jobid/taskmanagers/:taskmanagerid/weight}: how much the job's tasks on a TaskManager get,
 * compared with others, on edges whose producers choose. REST handler threads.
 */
final class WeightHandler
        extends AbstractRestHandler<
                DispatcherGateway, WeightHandler.Weight, WeightHandler.Effect, WeightHandler.Parameters> {

    WeightHandler(
            GatewayRetriever<? extends DispatcherGateway> leaders, Duration timeout, Map<String, String> headers) {
        super(leaders, timeout, headers, new Headers());
    }

    @Override
    protected CompletableFuture<Effect> handleRequest(HandlerRequest<Weight> request, DispatcherGateway gateway)
            throws RestHandlerException {
        Double weight = request.getRequestBody().weight;
        if (weight == null || !(weight >= 0 && weight <= 1)) {
            throw new RestHandlerException(
                    "\"weight\" must be a number from 0 (nothing) to 1 (the rule), and is " + weight,
                    HttpResponseStatus.BAD_REQUEST);
        }
        JobID job = request.getPathParameter(JobIDPathParameter.class);
        ResourceID taskManager = request.getPathParameter(TaskManagerIdPathParameter.class);
        return JobMasters.ask(gateway, job, WeightRequest.OPERATOR, new WeightRequest(taskManager, weight), timeout)
                .handle((answer, failure) -> {
                    if (failure != null) {
                        throw new CompletionException(refusal(job, failure));
                    }
                    if (((WeightResponse) answer).isMeaningless()) {
                        throw new CompletionException(meaningless(job));
                    }
                    return new Effect(taskManager.getResourceIdString(), weight, ((WeightResponse) answer).receivers());
                });
    }

    private static RestHandlerException refusal(JobID job, Throwable failure) {
        if (ExceptionUtils.findThrowable(failure, FlinkJobNotFoundException.class)
                .isPresent()) {
            return JobMasters.notFound(job);
        }
        if (ExceptionUtils.findThrowable(failure, CoordinatorNotExistException.class)
                .isPresent()) {
            return meaningless(job); // stock Flink's scheduler has it, and looks for the operator
        }
        return new RestHandlerException(
                "The JobMaster of job %s has not answered. The weight may have been set; set it again. Cause: %s"
                        .formatted(job, ExceptionUtils.stripCompletionException(failure)),
                HttpResponseStatus.SERVICE_UNAVAILABLE,
                failure);
    }

    private static RestHandlerException meaningless(JobID job) {
        return new RestHandlerException(
                "No producer of job %s chooses its receivers. Set holdfast.auto-partition.enabled: true; the JobManager's log"
                                .formatted(job)
                        + " says why an edge, or the whole job, does not take part",
                HttpResponseStatus.CONFLICT);
    }

    /** What is asked for. */
    static final class Weight implements RequestBody {

        @JsonProperty("weight")
        private final @Nullable Double weight;

        @JsonCreator
        Weight(@JsonProperty("weight") @Nullable Double weight) {
            this.weight = weight;
        }
    }

    /** What was done. */
    static final class Effect implements ResponseBody {

        @JsonProperty("taskManager")
        private final String taskManager;

        @JsonProperty("weight")
        private final double weight;

        /** Tasks on the TaskManager that the weight is for now. */
        @JsonProperty("receivers")
        private final int receivers;

        Effect(String taskManager, double weight, int receivers) {
            this.taskManager = taskManager;
            this.weight = weight;
            this.receivers = receivers;
        }
    }

    /** A job and a TaskManager. */
    static final class Parameters extends MessageParameters {

        private final JobIDPathParameter job = new JobIDPathParameter();
        private final TaskManagerIdPathParameter taskManager = new TaskManagerIdPathParameter();

        @Override
        public Collection<MessagePathParameter<?>> getPathParameters() {
            return List.of(job, taskManager);
        }

        @Override
        public Collection<MessageQueryParameter<?>> getQueryParameters() {
            return List.of();
        }
    }

    private static final class Headers implements RuntimeMessageHeaders<Weight, Effect, Parameters> {

        @Override
        public HttpMethodWrapper getHttpMethod() {
            return HttpMethodWrapper.PUT;
        }

        @Override
        public String getTargetRestEndpointURL() {
            return "/holdfast/jobs/:" + JobIDPathParameter.KEY + "/taskmanagers/:" + TaskManagerIdPathParameter.KEY
                    + "/weight";
        }

        @Override
        public Class<Weight> getRequestClass() {
            return Weight.class;
        }

        @Override
        public Class<Effect> getResponseClass() {
            return Effect.class;
        }

        @Override
        public HttpResponseStatus getResponseStatusCode() {
            return HttpResponseStatus.OK;
        }

        @Override
        public Parameters getUnresolvedMessageParameters() {
            return new Parameters();
        }

        @Override
        public String getDescription() {
            return "How much the tasks of a job on a TaskManager get, compared with others, where producers choose.";
        }
    }
}
