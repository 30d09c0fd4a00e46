package io.holdfast.resize;

import io.holdfast.base.ByteSize;
import io.holdfast.resize.plan.Admission;
import io.holdfast.resize.plan.Phase;
import io.holdfast.resize.plan.Request;
import io.holdfast.resize.plan.Request.Cause;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/** Resizes on request. What it answers is in {@code docs/reference/resize-api.yaml}. */
@Path("/resize")
@Produces(MediaType.APPLICATION_JSON)
public class ResizeResource {
    private static final int UNPROCESSABLE = 422;
    private static final int TOO_MANY_REQUESTS = 429;

    private final ResizeService service;

    ResizeResource(ResizeService service) {
        this.service = service;
    }

    /** A whole resize: the JVM, and the limit in the pod. */
    @POST
    @Consumes(MediaType.APPLICATION_JSON)
    public CompletionStage<Response> resize(String body, @Context UriInfo uri) {
        return submit(Cause.REQUEST, body, uri);
    }

    /** Only the JVM; whoever asks sets the limit after that. */
    @POST
    @Path("/prepare")
    @Consumes(MediaType.APPLICATION_JSON)
    public CompletionStage<Response> prepare(String body, @Context UriInfo uri) {
        return submit(Cause.PREPARE, body, uri);
    }

    /** What is known, and what is done. */
    @GET
    @Path("/status")
    public Response status() {
        return json(
                Response.Status.OK.getStatusCode(),
                StatusJson.of(service.snapshot(), service.history().recent()));
    }

    /** Gives up what is under way. */
    @DELETE
    public CompletionStage<Response> cancel() {
        return service.cancel().thenApply(phase -> {
            if (phase == Phase.STABLE) {
                return problem(Response.Status.NOT_FOUND.getStatusCode(), "No resize is under way");
            }
            return phase.cancellable()
                    ? json(
                            Response.Status.ACCEPTED.getStatusCode(),
                            new JsonObject().put("message", "Cancelled while " + Reporter.word(phase)))
                    : problem(
                            Response.Status.CONFLICT.getStatusCode(),
                            "It is too late: the resize is in " + Reporter.word(phase));
        });
    }

    private CompletionStage<Response> submit(Cause cause, String body, UriInfo uri) {
        Request request;
        boolean waits;
        try {
            request = new Request(UUID.randomUUID().toString().substring(0, 8), cause, targetBytes(body));
            waits = waits(uri);
        } catch (IllegalArgumentException e) {
            return CompletableFuture.completedFuture(
                    problem(Response.Status.BAD_REQUEST.getStatusCode(), e.getMessage()));
        }
        CompletableFuture<History.Entry> end = service.history().await(request.id());
        return service.submit(request).thenCompose(admission -> {
            if (admission.kind() != Admission.Kind.ACCEPTED) {
                service.history().forget(request.id());
            }
            return switch (admission.kind()) {
                case ACCEPTED -> waits ? end.thenApply(ResizeResource::ended) : now(accepted(request.id(), request));
                case SAME -> same(request, waits);
                default -> now(refused(admission));
            };
        });
    }

    private CompletionStage<Response> same(Request request, boolean waits) {
        Snapshot snapshot = service.snapshot();
        String id =
                snapshot.operation().map(operation -> operation.request().id()).orElse(request.id());
        if (waits && snapshot.operation().isPresent() && snapshot.phase() == Phase.READY) {
            return now(ended(History.readyEntry(snapshot.operation().get())));
        }
        return waits && snapshot.operation().isPresent()
                ? service.history().await(id).thenApply(ResizeResource::ended)
                : now(accepted(id, request));
    }

    private static long targetBytes(String body) {
        try {
            JsonObject json = new JsonObject(body == null ? "" : body);
            if (json.size() != 1 || !(json.getValue("memory") instanceof String memory)) {
                throw new IllegalArgumentException("Send {\"memory\": \"3Gi\"}, and nothing else");
            }
            return ByteSize.parse(memory).bytes();
        } catch (DecodeException e) {
            throw new IllegalArgumentException("Send {\"memory\": \"3Gi\"}: the body is no JSON object", e);
        }
    }

    /** A bare {@code ?wait} is one that is true. */
    private static boolean waits(UriInfo uri) {
        String wait = uri.getQueryParameters().getFirst("wait");
        if (wait == null || wait.isEmpty()) {
            return uri.getQueryParameters().containsKey("wait");
        }
        if (wait.equals("true") || wait.equals("false")) {
            return wait.equals("true");
        }
        throw new IllegalArgumentException("'%s' is no value of wait; give true or false".formatted(wait));
    }

    private static Response accepted(String id, Request request) {
        return json(
                Response.Status.ACCEPTED.getStatusCode(),
                new JsonObject().put("id", id).put("targetBytes", request.targetBytes()));
    }

    private static Response ended(History.Entry entry) {
        return json(
                (entry.good() ? Response.Status.OK : Response.Status.CONFLICT).getStatusCode(), StatusJson.of(entry));
    }

    private static Response refused(Admission admission) {
        return switch (admission.kind()) {
            case UNCHANGED ->
                json(
                        Response.Status.OK.getStatusCode(),
                        new JsonObject().put("outcome", "unchanged").put("message", admission.message()));
            case BUSY -> problem(Response.Status.CONFLICT.getStatusCode(), admission.message());
            case TOO_SOON ->
                Response.fromResponse(problem(TOO_MANY_REQUESTS, admission.message()))
                        .header(
                                HttpHeaders.RETRY_AFTER,
                                Math.max(1, TimeUnit.NANOSECONDS.toSeconds(admission.retryNanos() + 999_999_999)))
                        .build();
            case UNAVAILABLE -> problem(Response.Status.SERVICE_UNAVAILABLE.getStatusCode(), admission.message());
            default -> problem(UNPROCESSABLE, admission.message());
        };
    }

    static Response problem(int status, String message) {
        return json(status, new JsonObject().put("message", message));
    }

    private static Response json(int status, JsonObject body) {
        return Response.status(status)
                .type(MediaType.APPLICATION_JSON)
                .entity(body.encode())
                .build();
    }

    private static CompletionStage<Response> now(Response response) {
        return CompletableFuture.completedFuture(response);
    }
}
