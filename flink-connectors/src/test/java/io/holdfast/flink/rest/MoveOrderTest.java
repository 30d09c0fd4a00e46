package io.holdfast.flink.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.runtime.rest.handler.RestHandlerException;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MoveOrderTest {

    private static final long NOW = Instant.parse("2026-05-04T12:00:00Z").toEpochMilli();
    private static final Duration TIMEOUT = Duration.ofSeconds(30);
    private static final Duration EXPIRES = Duration.ofMinutes(10);

    @Test
    void whatIsNotSaidIsAsConfigured() throws Exception {
        MoveOrder order = parse(Map.of("taskmanagers", List.of("tm-1")));

        assertThat(order)
                .isEqualTo(new MoveOrder(
                        List.of("tm-1"), "asked for over REST", NOW + 30_000, NOW + 30_000 + 600_000, false, Map.of()));
    }

    @Test
    void everythingCanBeSaid() throws Exception {
        MoveOrder order = parse(Map.of(
                "taskmanagers",
                List.of("tm-2", "tm-1", "tm-2"),
                "reason",
                "spot notice",
                "deadline",
                "2026-05-04T14:02:00+02:00",
                "scope",
                "node",
                "expires",
                "PT1H"));

        assertThat(order)
                .isEqualTo(new MoveOrder(
                        List.of("tm-2", "tm-1"),
                        "spot notice",
                        NOW + 120_000,
                        NOW + 120_000 + 3_600_000,
                        true,
                        Map.of()));
    }

    @Test
    void timeoutCountsFromNow() throws Exception {
        assertThat(parse(with("timeout", "PT2M")).deadlineMs()).isEqualTo(NOW + 120_000);
    }

    @Test
    void deadlineThatHasPassedIsTaken() throws Exception {
        MoveOrder late = parse(with("deadline", "2026-05-04T11:59:00Z"));

        assertThat(late.deadlineMs()).as("the sooner it begins").isEqualTo(NOW - 60_000);
        assertThat(late.leavingUntilMs()).isEqualTo(NOW + 600_000);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "deadline | tomorrow             | must be a time such as 2026-05-04T12:00:00Z, and is tomorrow",
                "deadline | 2026-05-04T12:00:00  | must be a time such as",
                "deadline | 2027-05-04T12:00:00Z | must be within the next PT168H",
                "timeout  | 30                   | must be a duration such as PT30S, and is 30",
                "timeout  | -PT1S                | must be from PT0S to PT168H, and is -PT1S",
                "timeout  | PT9999999999999999H  | must be a duration such as",
                "expires  | PT169H               | must be from PT0S to PT168H",
                "scope    | rack                 | must be taskmanager (only those that are named leave) or node",
                "taskManagers | x                | is no field of a move. Fields are deadline, expires"
            })
    void whatIsWrongIsSaidWithItsRemedy(String field, String value, String message) {
        assertBad(with(field, value), message);
    }

    @Test
    void deadlineAndTimeoutTogetherAreRefused() {
        Map<String, Object> body = with("deadline", "2026-05-04T12:00:30Z");
        body.put("timeout", "PT30S");

        assertBad(body, "Give one of them");
    }

    @Test
    void textsMustBeTexts() {
        assertBad(with("timeout", 30), "\"timeout\" must be a text, and is 30");
    }

    @Test
    void reasonHasALimit() {
        assertBad(with("reason", "x".repeat(1_001)), "at most 1000 characters, and has 1001");
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "empty", "text", "blank", "numbers"})
    void taskManagersMustBeNamed(String what) {
        Map<String, Object> body = new HashMap<>();
        switch (what) {
            case "empty" -> body.put("taskmanagers", List.of());
            case "text" -> body.put("taskmanagers", "tm-1");
            case "blank" -> body.put("taskmanagers", List.of(" "));
            case "numbers" -> body.put("taskmanagers", List.of(1));
            default -> assertThat(what).isEqualTo("none");
        }

        assertBad(body, "GET /taskmanagers shows the ids");
    }

    private static void assertBad(Map<String, Object> body, String message) {
        assertThatExceptionOfType(RestHandlerException.class)
                .isThrownBy(() -> parse(body))
                .withMessageContaining(message)
                .satisfies(refusal ->
                        assertThat(refusal.getHttpResponseStatus()).isEqualTo(HttpResponseStatus.BAD_REQUEST));
    }

    private static Map<String, Object> with(String field, Object value) {
        Map<String, Object> body = new HashMap<>();
        body.put("taskmanagers", List.of("tm-1"));
        body.put(field, value);
        return body;
    }

    private static MoveOrder parse(Map<String, Object> body) throws RestHandlerException {
        return MoveOrder.parse(body, NOW, TIMEOUT, EXPIRES);
    }
}
