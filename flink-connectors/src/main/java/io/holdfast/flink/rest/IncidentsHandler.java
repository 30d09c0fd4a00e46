package io.holdfast.flink.rest;

import io.holdfast.flink.restart.LedgerArchive;
import java.io.Serializable;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.dispatcher.DispatcherGateway;
import org.apache.flink.runtime.rest.HttpMethodWrapper;
import org.apache.flink.runtime.rest.handler.AbstractRestHandler;
import org.apache.flink.runtime.rest.handler.HandlerRequest;
import org.apache.flink.runtime.rest.handler.RestHandlerException;
import org.apache.flink.runtime.rest.messages.EmptyRequestBody;
import org.apache.flink.runtime.rest.messages.JobIDPathParameter;
import org.apache.flink.runtime.rest.messages.JobMessageParameters;
import org.apache.flink.runtime.rest.messages.ResponseBody;
import org.apache.flink.runtime.rest.messages.RuntimeMessageHeaders;
import org.apache.flink.runtime.webmonitor.LedgerRequest;
import org.apache.flink.runtime.webmonitor.LedgerResponse;
import org.apache.flink.runtime.webmonitor.retriever.GatewayRetriever;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.annotation.JsonValue;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;

/**
 * {@code GET /holdfast/jobs/:jobid/incidents}: what failed, why, what was done, what it cost. For a job that has ended
 * it answers from this process's archive. REST handler threads.
 */
final class IncidentsHandler
        extends AbstractRestHandler<
                DispatcherGateway, EmptyRequestBody, IncidentsHandler.Ledger, JobMessageParameters> {

    private static final long SECOND_LOOK_MS = 500;

    IncidentsHandler(
            GatewayRetriever<? extends DispatcherGateway> leaders, Duration timeout, Map<String, String> headers) {
        super(leaders, timeout, headers, new Headers());
    }

    @Override
    protected CompletableFuture<Ledger> handleRequest(
            HandlerRequest<EmptyRequestBody> request, DispatcherGateway gateway) throws RestHandlerException {
        JobID job = request.getPathParameter(JobIDPathParameter.class);
        return JobMasters.ask(gateway, job, LedgerRequest.OPERATOR, new LedgerRequest(), timeout)
                .handle((answer, failure) -> failure == null
                        ? CompletableFuture.completedFuture(new Ledger(((LedgerResponse) answer).ledger()))
                        : kept(job))
                .thenCompose(Function.identity());
    }

    /** The ledger of a job that has ended. A job that ends just now is gone a moment before its ledger is kept. */
    private static CompletableFuture<Ledger> kept(JobID job) {
        return LedgerArchive.INSTANCE
                .find(job)
                .map(ledger -> CompletableFuture.completedFuture(new Ledger(ledger)))
                .orElseGet(() -> CompletableFuture.supplyAsync(
                        () -> LedgerArchive.INSTANCE
                                .find(job)
                                .map(Ledger::new)
                                .orElseThrow(() -> new CompletionException(JobMasters.notFound(job))),
                        CompletableFuture.delayedExecutor(SECOND_LOOK_MS, TimeUnit.MILLISECONDS)));
    }

    /** The ledger as JSON. */
    static final class Ledger implements ResponseBody {

        private final LinkedHashMap<String, Serializable> content;

        Ledger(LinkedHashMap<String, Serializable> content) {
            this.content = content;
        }

        @JsonValue
        public Map<String, Serializable> content() {
            return content;
        }
    }

    private static final class Headers
            implements RuntimeMessageHeaders<EmptyRequestBody, Ledger, JobMessageParameters> {

        @Override
        public HttpMethodWrapper getHttpMethod() {
            return HttpMethodWrapper.GET;
        }

        @Override
        public String getTargetRestEndpointURL() {
            return "/holdfast/jobs/:" + JobIDPathParameter.KEY + "/incidents";
        }

        @Override
        public Class<EmptyRequestBody> getRequestClass() {
            return EmptyRequestBody.class;
        }

        @Override
        public Class<Ledger> getResponseClass() {
            return Ledger.class;
        }

        @Override
        public HttpResponseStatus getResponseStatusCode() {
            return HttpResponseStatus.OK;
        }

        @Override
        public JobMessageParameters getUnresolvedMessageParameters() {
            return new JobMessageParameters();
        }

        @Override
        public String getDescription() {
            return "Incidents of a job, what single-point restart did about them, and what was lost.";
        }
    }
}
