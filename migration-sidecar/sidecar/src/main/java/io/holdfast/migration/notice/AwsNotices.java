package io.holdfast.migration.notice;

import com.fasterxml.jackson.databind.JsonNode;
import io.holdfast.migration.plan.Cause;
import io.holdfast.migration.plan.Notice;
import java.io.IOException;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Amazon EC2: an interruption of a spot instance, two minutes before, and, if wanted, the recommendation to leave one that is at
 * risk. By the instance metadata service, version 2.
 */
public final class AwsNotices implements NoticeSource, AutoCloseable {
    private static final String ACTION = "/latest/meta-data/spot/instance-action";
    private static final String REBALANCE = "/latest/meta-data/events/recommendations/rebalance";

    private final MetadataServer server;
    private final SessionToken token;
    private final boolean rebalance;
    private final Clocks clocks;

    /** @param rebalance whether recommendations count, which come earlier and may be followed by nothing */
    public AwsNotices(URI base, boolean rebalance, Clocks clocks) {
        this.server = new MetadataServer(base);
        this.token = new SessionToken(
                server,
                "/latest/api/token",
                "X-aws-ec2-metadata-token-ttl-seconds",
                "X-aws-ec2-metadata-token",
                clocks.nano());
        this.rebalance = rebalance;
        this.clocks = clocks;
    }

    @Override
    public Cause cause() {
        return Cause.AWS;
    }

    @Override
    public List<Notice> read() throws IOException {
        List<Notice> notices = new ArrayList<>();
        Optional<String> action = token.get(ACTION);
        if (action.isPresent()) {
            JsonNode json = MetadataServer.json(action.get());
            Optional<Instant> time = MetadataServer.moment(json.path("time").asText(""));
            notices.add(new Notice(
                    "aws:instance-action",
                    Cause.AWS,
                    "EC2 will %s this spot instance%s"
                            .formatted(
                                    json.path("action").asText("interrupt"),
                                    time.map(at -> " at " + at).orElse("")),
                    time.isPresent() ? clocks.nanos(time.get()) : OptionalLong.empty(),
                    true));
        }
        if (rebalance && token.get(REBALANCE).isPresent()) {
            notices.add(new Notice(
                    "aws:rebalance",
                    Cause.AWS,
                    "EC2 recommends to leave this spot instance",
                    OptionalLong.empty(),
                    true));
        }
        return notices;
    }

    @Override
    public void close() {
        server.close();
    }
}
