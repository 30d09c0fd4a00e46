package io.holdfast.migration.notice;

import com.fasterxml.jackson.databind.JsonNode;
import io.holdfast.migration.plan.Cause;
import io.holdfast.migration.plan.Notice;
import java.io.IOException;
import java.net.URI;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Azure's scheduled events: a spot machine is preempted, which takes 30 s, or a machine is ended, moved or restarted. The list is
 * of all machines of a scale set; only what names this one counts. Events are not approved: they run by their own time.
 */
public final class AzureNotices implements NoticeSource, AutoCloseable {
    private static final Map<String, String> HEADERS = Map.of("Metadata", "true");
    private static final String EVENTS = "/metadata/scheduledevents?api-version=2020-07-01";
    private static final String COMPUTE = "/metadata/instance/compute?api-version=2021-02-01";

    private final MetadataServer server;
    private final Set<String> kinds;
    private final Clocks clocks;
    private Optional<String> machine = Optional.empty();

    /** @param kinds of events that count, such as {@code Preempt} */
    public AzureNotices(URI base, Set<String> kinds, Clocks clocks) {
        this.server = new MetadataServer(base);
        this.kinds = Set.copyOf(kinds);
        this.clocks = clocks;
    }

    @Override
    public Cause cause() {
        return Cause.AZURE;
    }

    @Override
    public List<Notice> read() throws IOException {
        if (machine.isEmpty()) {
            String compute = server.get(COMPUTE, HEADERS)
                    .orElseThrow(() -> new IOException("the metadata server does not know this machine"));
            machine = Optional.of(MetadataServer.json(compute).path("name").asText(""))
                    .filter(name -> !name.isBlank());
        }
        List<Notice> notices = new ArrayList<>();
        JsonNode events = MetadataServer.json(server.get(EVENTS, HEADERS).orElse("{}"));
        for (JsonNode event : events.path("Events")) {
            String kind = event.path("EventType").asText("");
            if (kinds.contains(kind) && concerns(event)) {
                notices.add(notice(kind, event));
            }
        }
        return notices;
    }

    private boolean concerns(JsonNode event) {
        for (JsonNode resource : event.path("Resources")) {
            if (machine.filter(resource.asText("")::equalsIgnoreCase).isPresent()) {
                return true;
            }
        }
        return false;
    }

    private Notice notice(String kind, JsonNode event) {
        Optional<Instant> at = moment(event.path("NotBefore").asText(""));
        return new Notice(
                "azure:" + event.path("EventId").asText(kind),
                Cause.AZURE,
                "Azure has scheduled for this machine: %s%s"
                        .formatted(kind, at.map(time -> " at " + time).orElse("")),
                at.isPresent() ? clocks.nanos(at.get()) : OptionalLong.empty(),
                true);
    }

    /** It is not there once the event has begun. */
    private static Optional<Instant> moment(String notBefore) {
        try {
            return notBefore.isBlank()
                    ? Optional.empty()
                    : Optional.of(Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(notBefore)));
        } catch (DateTimeException e) {
            return MetadataServer.moment(notBefore);
        }
    }

    @Override
    public void close() {
        server.close();
    }
}
