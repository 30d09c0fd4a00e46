package io.holdfast.guard.cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.holdfast.guard.decide.EvictionRecord;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How an {@link EvictionRecord} is written in the annotation {@code holdfast.io/eviction}: docs/reference/formats.md. */
final class RecordFormat {
    private static final Logger LOG = LoggerFactory.getLogger(RecordFormat.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    private RecordFormat() {}

    static String write(EvictionRecord record) {
        ObjectNode json = JSON.createObjectNode()
                .put("firstRequestedAt", text(record.first()))
                .put("lastRequestedAt", text(record.last()));
        record.move().ifPresent(id -> json.put("move", id));
        if (record.underWay()) {
            json.put("underWay", true);
        }
        if (record.cordoned()) {
            json.put("cordoned", true);
        }
        record.awaySince().ifPresent(since -> json.put("jobManagerAwaySince", text(since)));
        return json.toString();
    }

    /** What somebody else wrote there, and is none, is as good as nothing: the eviction begins anew. */
    static Optional<EvictionRecord> read(String text) {
        try {
            JsonNode json = JSON.readTree(text);
            return Optional.of(new EvictionRecord(
                    Instant.parse(json.path("firstRequestedAt").asText()),
                    Instant.parse(json.path("lastRequestedAt").asText()),
                    Fields.text(json.path("move").textValue()),
                    json.path("underWay").asBoolean(),
                    json.path("cordoned").asBoolean(),
                    Fields.text(json.path("jobManagerAwaySince").textValue()).map(Instant::parse)));
        } catch (JsonProcessingException | DateTimeParseException e) {
            LOG.warn("Record of an eviction not read, so it begins anew: annotation={} text={}", Pods.RECORD, text);
            return Optional.empty();
        }
    }

    private static String text(Instant time) {
        return time.truncatedTo(ChronoUnit.MILLIS).toString();
    }
}
