package io.holdfast.flink.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.holdfast.flink.handoff.StateOffer;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.runtime.rest.handler.RestHandlerException;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HandoffFieldTest {

    private static final String URL = "http://10.0.0.7:9621";
    private static final String TOKEN = "c2VjcmV0-_";

    @Test
    void moveWithoutItHasNoOffer() throws Exception {
        Map<String, Object> body = new HashMap<>();
        body.put("taskmanagers", List.of("tm-1"));
        assertThat(parse(body).offers()).isEmpty();

        body.put("handoff", null);
        assertThat(parse(body).offers()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {URL, "https://tm-1.pods:443", "http://[fd00::7]:9621", "http://10.0.0.7"})
    void offerIsOfTheTaskManagerThatLeaves(String url) throws Exception {
        assertThat(parse(with(url, TOKEN)).offers()).isEqualTo(Map.of("tm-1", new StateOffer(URI.create(url), TOKEN)));
    }

    @Test
    void offerStaysWithItsTaskManagerWhenItsWholeNodeLeaves() throws Exception {
        MoveOrder node = parse(with(URL, TOKEN)).withTaskManagers(List.of("tm-1", "tm-2"));

        assertThat(node.offers()).containsOnlyKeys("tm-1");
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.7:9621",
        "ftp://10.0.0.7:9621",
        "file:///etc/passwd",
        "http:///state",
        "http://10.0.0.7:9621/",
        "http://10.0.0.7:9621/state",
        "http://10.0.0.7:9621?x=y",
        "http://me:secret@10.0.0.7:9621",
        "http://10.0.0.7:9621#x",
        "http:10.0.0.7",
        "http://bad host:1",
        "''"
    })
    void urlMustBeSchemeHostAndPort(String url) {
        assertBad(with(url, TOKEN), "must be scheme, host and port, such as http://10.0.0.7:9621, and is " + url);
    }

    @Test
    void urlMustBeAShortText() {
        assertBad(with(7, TOKEN), "must be scheme, host and port");
        assertBad(with("http://" + "x".repeat(1_000), TOKEN), "must be scheme, host and port");
    }

    @Test
    void tokenMustBeVisible() {
        for (Object token : new Object[] {"", " ", "a b", "a\r\nX-Header: b", "é", "x".repeat(1_001), 7}) {
            assertBad(with(URL, token), "must be a text of 1 to 1000 visible ASCII characters");
        }
    }

    @Test
    void tokenIsInNoMessage() {
        assertThatExceptionOfType(RestHandlerException.class)
                .isThrownBy(() -> parse(with("nonsense", TOKEN)))
                .satisfies(refusal -> assertThat(refusal.getMessage()).doesNotContain(TOKEN));
        assertThatExceptionOfType(RestHandlerException.class)
                .isThrownBy(() -> parse(with(URL, "bad " + TOKEN)))
                .satisfies(refusal -> assertThat(refusal.getMessage()).doesNotContain(TOKEN));
    }

    @Test
    void fieldsAreTheseAndNoOthers() {
        for (Object handoff : new Object[] {
            "http://10.0.0.7:9621",
            List.of(),
            Map.of(),
            Map.of("url", URL),
            Map.of("token", TOKEN),
            Map.of("url", URL, "token", TOKEN, "rate", "1")
        }) {
            Map<String, Object> body = new HashMap<>();
            body.put("taskmanagers", List.of("tm-1"));
            body.put("handoff", handoff);

            assertBad(body, "\"handoff\" must have the fields url and token, and no other");
        }
    }

    @Test
    void twoTaskManagersCannotShareIt() {
        Map<String, Object> body = with(URL, TOKEN);
        body.put("taskmanagers", List.of("tm-1", "tm-2"));

        assertBad(body, "is for one TaskManager, and 2 leave. Send a request for each");
    }

    private static void assertBad(Map<String, Object> body, String message) {
        assertThatExceptionOfType(RestHandlerException.class)
                .isThrownBy(() -> parse(body))
                .withMessageContaining(message)
                .satisfies(refusal ->
                        assertThat(refusal.getHttpResponseStatus()).isEqualTo(HttpResponseStatus.BAD_REQUEST));
    }

    private static Map<String, Object> with(Object url, Object token) {
        Map<String, Object> body = new HashMap<>();
        body.put("taskmanagers", List.of("tm-1"));
        body.put("handoff", Map.of("url", url, "token", token));
        return body;
    }

    private static MoveOrder parse(Map<String, Object> body) throws RestHandlerException {
        return MoveOrder.parse(body, 0, Duration.ofSeconds(30), Duration.ofMinutes(10));
    }
}
