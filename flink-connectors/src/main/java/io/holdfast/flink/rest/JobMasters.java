package io.holdfast.flink.rest;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.dispatcher.DispatcherGateway;
import org.apache.flink.runtime.messages.FlinkJobNotFoundException;
import org.apache.flink.runtime.operators.coordination.CoordinationRequest;
import org.apache.flink.runtime.operators.coordination.CoordinationResponse;
import org.apache.flink.runtime.rest.handler.RestHandlerException;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;
import org.apache.flink.util.SerializedValue;

/** Asks the JobMaster of a job. REST handler threads. */
final class JobMasters {

    private JobMasters() {}

    /** 404: no job {@code job} is known here. */
    static RestHandlerException notFound(JobID job) {
        return new RestHandlerException(new FlinkJobNotFoundException(job).getMessage(), HttpResponseStatus.NOT_FOUND);
    }

    /** {@code operator}: a name that says what is asked; Holdfast's scheduler looks at the request only. */
    static CompletableFuture<CoordinationResponse> ask(
            DispatcherGateway gateway, JobID job, String operator, CoordinationRequest request, Duration timeout)
            throws RestHandlerException {
        SerializedValue<CoordinationRequest> question;
        try {
            question = new SerializedValue<>(request);
        } catch (IOException e) {
            throw new RestHandlerException(
                    "The request cannot be serialized", HttpResponseStatus.INTERNAL_SERVER_ERROR, e);
        }
        return gateway.deliverCoordinationRequestToCoordinator(job, operator, question, timeout);
    }
}
