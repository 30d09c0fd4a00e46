package io.holdfast.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MovesTest {

    private static final String RUNNING = """
            {"id": "m1", "state": "SWITCHING", "step": "checkpoint-and-restart",
             "degradations": [{"at": 5, "from": "handover", "to": "checkpoint-and-restart", "why": "too slow"}],
             "jobs": [{"job": "j", "transitions": [{"state": "RESERVING", "at": 3}, {"state": "SWITCHING", "at": 9}],
              "subtasks": [{"vertex": "v", "vertexName": "map", "subtask": 2, "from": "tm-1", "to": "tm-2",
               "stoppedAt": 9, "deployedAt": 10, "runningAt": 0, "handoffBytes": 77}]}]}
            """;

    private CannedRest server;
    private Moves moves;

    @BeforeEach
    void listen() throws IOException {
        server = new CannedRest(0);
        moves = new Moves(new FlinkRest(server.address()));
    }

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void asksForAMove() {
        server.on("POST /holdfast/moves", RUNNING);

        assertThat(moves.start("tm-1", Duration.ofSeconds(7), "spot").id()).isEqualTo("m1");
        assertThat(server.requests())
                .containsExactly("POST /holdfast/moves {\"taskmanagers\":[\"tm-1\"],\"timeout\":\"PT7S\","
                        + "\"expires\":\"PT0S\",\"reason\":\"spot\"}");
    }

    @Test
    void readsWhatBecomesOfIt() {
        server.on("GET /holdfast/moves/m1", RUNNING);

        Moves.Move move = moves.find("m1").orElseThrow();

        assertThat(move.hasEnded()).isFalse();
        assertThat(move.degradations()).containsExactly("too slow");
        assertThat(move.subtasks()).containsExactly(new Moves.Subtask("v", "map", 2, "tm-1", "tm-2", 9, 10, 0, 77));
        assertThat(move.reachedAt("SWITCHING")).isEqualTo(9);
        assertThat(move.reachedAt("COMPLETED")).isZero();
        assertThat(moves.find("m2")).isEmpty();
    }

    @Test
    void tellsWhatIsLeaving() {
        String leaving =
                "\"leaving\": [{\"taskmanager\": \"tm-1\", \"until\": 9}, {\"taskmanager\": \"tm-2\", \"until\": 9}]";
        server.on(
                "GET /holdfast/moves",
                "{\"moves\": [{\"id\": \"a\", %1$s}, {\"id\": \"b\", %1$s}]}".formatted(leaving));

        assertThat(moves.leaving()).containsExactly("tm-1", "tm-2");
        assertThat(moves.all()).hasSize(2);
    }

    @Test
    void onlyAHandoverIsAsItShouldBe() {
        server.on("GET /holdfast/moves/a", "{\"state\": \"COMPLETED\", \"step\": \"handover\"}")
                .on("GET /holdfast/moves/b", "{\"state\": \"COMPLETED\", \"step\": \"restart\"}")
                .on("GET /holdfast/moves/c", "{\"state\": \"FAILED\", \"step\": \"handover\"}");

        assertThat(moves.find("a")).get().matches(Moves.Move::isHandedOver).matches(Moves.Move::hasEnded);
        assertThat(moves.find("b")).get().matches(move -> !move.isHandedOver());
        assertThat(moves.find("c")).get().matches(move -> !move.isHandedOver());
    }

    @Test
    void moveThatDoesNotEndIsShownAsItIs() {
        server.on("GET /holdfast/moves/m1", RUNNING);

        assertThatThrownBy(() -> moves.awaitEnd("m1", Duration.ofMillis(200)))
                .hasMessageContaining("not ended")
                .hasMessageContaining("SWITCHING");
    }
}
