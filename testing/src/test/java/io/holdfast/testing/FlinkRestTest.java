package io.holdfast.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.testing.FlinkRest.Checkpoints;
import io.holdfast.testing.FlinkRest.Job;
import io.holdfast.testing.FlinkRest.Subtask;
import io.holdfast.testing.FlinkRest.Vertex;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Against answers of Flink 2.2.1, cut to what matters. */
class FlinkRestTest {

    private CannedRest server;
    private FlinkRest rest;

    @BeforeEach
    void listen() throws IOException {
        server = new CannedRest(0);
        rest = new FlinkRest(server.address());
    }

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void readsAJobAndItsVertices() {
        server.on("GET /jobs/0f69", """
                {"jid":"0f69","name":"flights","isStoppable":false,"state":"RUNNING",
                 "timestamps":{"FAILING":0,"RUNNING":1795369382331,"RESTARTING":1795369382150},
                 "vertices":[{"id":"e6d2","name":"Source: flights","parallelism":4,"status":"RUNNING"}]}
                """);

        Job job = rest.job("0f69");

        assertThat(job.state()).isEqualTo("RUNNING");
        assertThat(job.stateSince()).containsEntry("RESTARTING", 1795369382150L).containsEntry("FAILING", 0L);
        assertThat(job.vertices()).containsExactly(new Vertex("e6d2", "Source: flights", 4));
    }

    @Test
    void readsTheCurrentAttemptOfEverySubtask() {
        server.on("GET /jobs/0f69/vertices/e6d2", """
                {"id":"e6d2","name":"Source: flights","parallelism":2,"subtasks":[
                 {"subtask":0,"status":"RUNNING","attempt":1,"endpoint":"localhost:39191","taskmanager-id":"tm-4"},
                 {"subtask":1,"status":"DEPLOYING","attempt":2,"endpoint":"localhost:37003","taskmanager-id":"tm-1"}]}
                """);

        assertThat(rest.subtasks("0f69", "e6d2"))
                .containsExactly(
                        new Subtask("e6d2", 0, 1, "RUNNING", "tm-4"), new Subtask("e6d2", 1, 2, "DEPLOYING", "tm-1"));
    }

    @Test
    void readsCheckpointCounts() {
        server.on("GET /jobs/0f69/checkpoints", """
                {"counts":{"restored":1,"total":13,"in_progress":0,"completed":11,"failed":2},
                 "latest":{"completed":{"className":"completed","id":11,"status":"COMPLETED"},"savepoint":null}}
                """);

        assertThat(rest.checkpoints("0f69")).isEqualTo(new Checkpoints(11, 2, 0, 1, OptionalLong.of(11)));
    }

    @Test
    void aJobWithoutACheckpointHasNoLatest() {
        server.on("GET /jobs/0f69/checkpoints", "{\"counts\":{},\"latest\":{\"completed\":null}}");

        assertThat(rest.checkpoints("0f69").latestCompletedId()).isEmpty();
    }

    @Test
    void cancels() {
        server.on("PATCH /jobs/0f69?mode=cancel", "");

        rest.cancel("0f69");

        assertThat(server.requests()).containsExactly("PATCH /jobs/0f69?mode=cancel");
    }

    @Test
    void stopsWithASavepointAndReturnsItsPlace() {
        server.on("POST /jobs/0f69/stop", "{\"request-id\":\"77\"}")
                .on(
                        "GET /jobs/0f69/savepoints/77",
                        "{\"status\":{\"id\":\"COMPLETED\"},\"operation\":{\"location\":\"file:/tmp/sp/1\"}}");

        assertThat(rest.stop("0f69", Path.of("/tmp/sp"), true)).isEqualTo("file:/tmp/sp/1");
        assertThat(server.requests().get(0)).contains("\"drain\":true").contains("file:///tmp/sp");
    }

    @Test
    void aFailedSavepointIsNamed() {
        server.on("POST /jobs/0f69/savepoints", "{\"request-id\":\"77\"}")
                .on(
                        "GET /jobs/0f69/savepoints/77",
                        "{\"status\":{\"id\":\"COMPLETED\"},\"operation\":{\"failure-cause\":{\"class\":\"TimeOut\"}}}");

        assertThatThrownBy(() -> rest.savepoint("0f69", Path.of("/tmp/sp"))).hasMessageContaining("TimeOut");
    }

    @Test
    void whatIsMissingIsEmptyWhenItMayBe() {
        assertThat(rest.find("/holdfast/jobs/0f69/incidents")).isEmpty();
        assertThatThrownBy(() -> rest.get("/jobs/0f69"))
                .isInstanceOf(FlinkRest.Refusal.class)
                .hasMessageContaining("/jobs/0f69 answered 404: {\"errors\":[\"Not found.\"]}");
    }

    @Test
    void silenceIsAnIoError() {
        FlinkRest nobody = new FlinkRest(URI.create("http://127.0.0.1:" + FreePort.any()));

        assertThatThrownBy(nobody::overview)
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("/overview failed");
    }
}
