package io.holdfast.migration.notice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.holdfast.migration.plan.Cause;
import io.holdfast.migration.plan.Notice;
import io.holdfast.testing.Eventually;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Metadata servers over real HTTP, which refuse what the real ones refuse. */
@Timeout(60)
class CloudNoticesTest {
    private static final Instant NOW = Instant.parse("2026-11-26T15:00:00Z");
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Map<String, String> pages = new ConcurrentHashMap<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final Clocks clocks = new Clocks(() -> 0, () -> NOW);
    private volatile Map<String, String> needed = Map.of();
    private volatile String tokenHeader = "";
    private volatile String validHeader = "";
    private final AtomicInteger tokens = new AtomicInteger();
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Test
    void spotInterruptionOfAmazonHasItsTimeAndNeedsASession() throws IOException {
        sessions("X-aws-ec2-metadata-token-ttl-seconds", "X-aws-ec2-metadata-token");
        try (AwsNotices aws = new AwsNotices(base(), false, clocks)) {
            assertThat(aws.read()).isEmpty();

            pages.put(
                    "/latest/meta-data/spot/instance-action",
                    "{\"action\": \"terminate\", \"time\": \"2026-11-26T15:02:00Z\"}");
            pages.put(
                    "/latest/meta-data/events/recommendations/rebalance", "{\"noticeTime\": \"2026-11-26T14:00:00Z\"}");

            assertThat(aws.read())
                    .containsExactly(new Notice(
                            "aws:instance-action",
                            Cause.AWS,
                            "EC2 will terminate this spot instance at 2026-11-26T15:02:00Z",
                            OptionalLong.of(Duration.ofMinutes(2).toNanos()),
                            true));
            assertThat(tokens).as("one for all").hasValue(1);
        }
    }

    @Test
    void recommendationOfAmazonCountsIfItIsWanted() throws IOException {
        sessions("X-aws-ec2-metadata-token-ttl-seconds", "X-aws-ec2-metadata-token");
        pages.put("/latest/meta-data/events/recommendations/rebalance", "{}");
        try (AwsNotices aws = new AwsNotices(base(), true, clocks)) {
            assertThat(aws.read())
                    .extracting(Notice::id, Notice::goneNanos)
                    .containsExactly(tuple("aws:rebalance", OptionalLong.empty()));
        }
    }

    @Test
    void sessionThatIsNotTakenAnyMoreIsReplaced() throws IOException {
        sessions("X-aws-ec2-metadata-token-ttl-seconds", "X-aws-ec2-metadata-token");
        try (AwsNotices aws = new AwsNotices(base(), false, clocks)) {
            aws.read();
            tokens.incrementAndGet(); // the one that it has is none any more

            assertThat(aws.read()).isEmpty();
            assertThat(requests)
                    .filteredOn(request -> request.startsWith("PUT "))
                    .hasSize(2);
        }
    }

    @Test
    void preemptionByGoogleLeavesThirtySecondsFromWhenItWasSeenFirst() throws IOException {
        needed = Map.of("Metadata-Flavor", "Google");
        pages.put("/computeMetadata/v1/instance/preempted", "FALSE");
        pages.put("/computeMetadata/v1/instance/maintenance-event", "MIGRATE_ON_HOST_MAINTENANCE");
        long[] nanos = {0};
        try (GcpNotices gcp = new GcpNotices(base(), new Clocks(() -> nanos[0], () -> NOW))) {
            assertThat(gcp.read())
                    .as("a machine that moves with all it has runs on")
                    .isEmpty();

            pages.put("/computeMetadata/v1/instance/preempted", "TRUE");
            OptionalLong first = gcp.read().get(0).goneNanos();
            nanos[0] = Duration.ofSeconds(4).toNanos();

            assertThat(first).hasValue(Duration.ofSeconds(30).toNanos());
            assertThat(gcp.read().get(0).goneNanos()).isEqualTo(first);

            pages.put("/computeMetadata/v1/instance/preempted", "FALSE");
            pages.put("/computeMetadata/v1/instance/maintenance-event", "TERMINATE_ON_HOST_MAINTENANCE");
            assertThat(gcp.read()).extracting(Notice::id).containsExactly("gcp:maintenance");
        }
    }

    @Test
    void eventsOfAzureCountIfTheyNameThisMachineAndAreOfAKindThatIsWanted() throws IOException {
        needed = Map.of("Metadata", "true");
        pages.put("/metadata/instance/compute", "{\"name\": \"pool_7\", \"vmId\": \"x\"}");
        pages.put("/metadata/scheduledevents", """
                {"DocumentIncarnation": 3, "Events": [
                  {"EventId": "A", "EventType": "Preempt", "ResourceType": "VirtualMachine", "Resources": ["pool_7"],
                   "EventStatus": "Scheduled", "NotBefore": "Thu, 26 Nov 2026 15:00:30 GMT"},
                  {"EventId": "B", "EventType": "Preempt", "Resources": ["pool_8"], "NotBefore": ""},
                  {"EventId": "C", "EventType": "Freeze", "Resources": ["pool_7"], "NotBefore": ""},
                  {"EventId": "D", "EventType": "Terminate", "Resources": ["pool_8", "POOL_7"], "EventStatus": "Started",
                   "NotBefore": ""}]}""");
        try (AzureNotices azure = new AzureNotices(base(), Set.of("Preempt", "Terminate"), clocks)) {
            List<Notice> notices = azure.read();

            assertThat(notices).extracting(Notice::id).containsExactly("azure:A", "azure:D");
            assertThat(notices.get(0).goneNanos())
                    .hasValue(Duration.ofSeconds(30).toNanos());
            assertThat(notices.get(1).goneNanos()).isEmpty();
            pages.put("/metadata/scheduledevents", "{\"DocumentIncarnation\": 4, \"Events\": []}");
            assertThat(azure.read()).isEmpty();
        }
        assertThat(requests)
                .contains(
                        "GET /metadata/scheduledevents?api-version=2020-07-01",
                        "GET /metadata/instance/compute?api-version=2021-02-01");
    }

    @Test
    void releaseByAlibabaHasItsTime() throws IOException {
        sessions("X-aliyun-ecs-metadata-token-ttl-seconds", "X-aliyun-ecs-metadata-token");
        try (AlibabaNotices alibaba = new AlibabaNotices(base(), clocks)) {
            assertThat(alibaba.read()).isEmpty();

            pages.put("/latest/meta-data/instance/spot/termination-time", "2026-11-26T15:05:00Z");

            assertThat(alibaba.read())
                    .extracting(Notice::goneNanos)
                    .containsExactly(OptionalLong.of(Duration.ofMinutes(5).toNanos()));
        }
    }

    @Test
    void whatIsNoAnswerOfTheCloudIsAFailureAndNoNotice() {
        pages.put("/metadata/instance/compute", "<html>Log in</html>");
        try (AzureNotices azure = new AzureNotices(base(), Set.of("Preempt"), clocks)) {
            assertThatThrownBy(azure::read).isInstanceOf(IOException.class).hasMessageContaining("no JSON");
        }
    }

    @Test
    void sourceThatFailsKeepsWhatItHasSaidAndIsAskedAgain() {
        needed = Map.of("Metadata-Flavor", "Google");
        pages.put("/computeMetadata/v1/instance/preempted", "TRUE");
        pages.put("/computeMetadata/v1/instance/maintenance-event", "NONE");
        AtomicInteger failures = new AtomicInteger();
        NoticeBoard board = new NoticeBoard(() -> {});
        try (NoticePoll poll = new NoticePoll(
                new GcpNotices(base(), clocks), Duration.ofMillis(50), board, cause -> failures.incrementAndGet())) {
            poll.start();
            Eventually.until(PATIENCE, () -> assertThat(board.current()).hasSize(1));

            needed = Map.of("Metadata-Flavor", "Other");
            Eventually.until(PATIENCE, () -> assertThat(failures).hasPositiveValue());
            assertThat(board.current()).hasSize(1);
            pages.put("/computeMetadata/v1/instance/preempted", "FALSE");
            needed = Map.of("Metadata-Flavor", "Google");

            Eventually.until(PATIENCE, () -> assertThat(board.current()).isEmpty());
        }
    }

    private void sessions(String valid, String token) {
        validHeader = valid;
        tokenHeader = token;
    }

    private URI base() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
        try (exchange) {
            Map<String, String> headers = new HashMap<>();
            needed.keySet()
                    .forEach(name ->
                            headers.put(name, exchange.getRequestHeaders().getFirst(name)));
            String page = pages.get(path);
            if (!validHeader.isEmpty() && path.equals("/latest/api/token")) {
                boolean good = exchange.getRequestMethod().equals("PUT")
                        && exchange.getRequestHeaders().containsKey(validHeader);
                send(exchange, good ? 200 : 400, good ? "token-" + tokens.incrementAndGet() : "");
            } else if (!headers.equals(needed)
                    || !tokenHeader.isEmpty()
                            && !("token-" + tokens.get())
                                    .equals(exchange.getRequestHeaders().getFirst(tokenHeader))) {
                send(exchange, tokenHeader.isEmpty() ? 403 : 401, "");
            } else {
                send(exchange, page == null ? 404 : 200, page == null ? "" : page);
            }
        }
    }

    private static void send(HttpExchange exchange, int status, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
    }
}
