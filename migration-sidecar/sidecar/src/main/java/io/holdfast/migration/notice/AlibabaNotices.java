package io.holdfast.migration.notice;

import io.holdfast.migration.plan.Cause;
import io.holdfast.migration.plan.Notice;
import java.io.IOException;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Alibaba Cloud: a preemptible instance is released, minutes after its metadata say when. */
public final class AlibabaNotices implements NoticeSource, AutoCloseable {
    private static final String TERMINATION = "/latest/meta-data/instance/spot/termination-time";

    private final MetadataServer server;
    private final SessionToken token;
    private final Clocks clocks;

    public AlibabaNotices(URI base, Clocks clocks) {
        this.server = new MetadataServer(base);
        this.token = new SessionToken(
                server,
                "/latest/api/token",
                "X-aliyun-ecs-metadata-token-ttl-seconds",
                "X-aliyun-ecs-metadata-token",
                clocks.nano());
        this.clocks = clocks;
    }

    @Override
    public Cause cause() {
        return Cause.ALIBABA;
    }

    @Override
    public List<Notice> read() throws IOException {
        Optional<String> time = token.get(TERMINATION);
        if (time.isEmpty()) {
            return List.of();
        }
        Optional<Instant> at = MetadataServer.moment(time.get());
        return List.of(new Notice(
                "alibaba:termination",
                Cause.ALIBABA,
                "Alibaba Cloud releases this preemptible instance"
                        + at.map(moment -> " at " + moment).orElse(""),
                at.isPresent() ? clocks.nanos(at.get()) : OptionalLong.empty(),
                true));
    }

    @Override
    public void close() {
        server.close();
    }
}
