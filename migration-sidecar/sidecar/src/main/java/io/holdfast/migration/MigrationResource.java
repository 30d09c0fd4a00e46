package io.holdfast.migration;

import io.vertx.core.json.JsonObject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.concurrent.CompletionStage;

/** What hooks and people ask. What it answers is in {@code docs/reference/migration-api.yaml}. */
@Path("/")
@Produces(MediaType.APPLICATION_JSON)
public class MigrationResource {
    private final MigrationService service;

    MigrationResource(MigrationService service) {
        this.service = service;
    }

    /** Has the tasks moved, because the pod ends. The answer comes when they are gone, or the time is over. */
    @POST
    @Path("drain")
    public CompletionStage<Response> drain() {
        return service.drain().thenApply(drain -> json(StatusJson.of(drain)));
    }

    /** The same for a hook of the kubelet's, which can do no more than GET. */
    @GET
    @Path("drain")
    public CompletionStage<Response> drainByGet() {
        return drain();
    }

    /** What is known, and what is done. */
    @GET
    @Path("status")
    public Response status() {
        return json(StatusJson.of(service.snapshot(), service.taskManager()));
    }

    private static Response json(JsonObject body) {
        return Response.ok(body.encode(), MediaType.APPLICATION_JSON_TYPE).build();
    }

    static Response problem(int status, String message) {
        return Response.status(status)
                .type(MediaType.APPLICATION_JSON)
                .entity(new JsonObject().put("message", message).encode())
                .build();
    }
}
