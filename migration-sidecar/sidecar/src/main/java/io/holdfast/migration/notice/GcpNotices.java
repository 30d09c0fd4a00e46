package io.holdfast.migration.notice;

import io.holdfast.migration.plan.Cause;
import io.holdfast.migration.plan.Notice;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** Google Compute Engine: a spot machine is preempted, which takes 30 s, or is ended for maintenance of its host. */
public final class GcpNotices implements NoticeSource, AutoCloseable {
    private static final Map<String, String> HEADERS = Map.of("Metadata-Flavor", "Google");
    private static final String INSTANCE = "/computeMetadata/v1/instance/";
    private static final Duration PREEMPTION = Duration.ofSeconds(30);

    private final MetadataServer server;
    private final Clocks clocks;
    private OptionalLong goneNanos = OptionalLong.empty();

    public GcpNotices(URI base, Clocks clocks) {
        this.server = new MetadataServer(base);
        this.clocks = clocks;
    }

    @Override
    public Cause cause() {
        return Cause.GCP;
    }

    @Override
    public List<Notice> read() throws IOException {
        List<Notice> notices = new ArrayList<>();
        if (server.get(INSTANCE + "preempted", HEADERS).filter("TRUE"::equals).isPresent()) {
            if (goneNanos.isEmpty()) { // it says that, but not since when
                goneNanos = OptionalLong.of(clocks.nano().getAsLong() + PREEMPTION.toNanos());
            }
            notices.add(
                    new Notice("gcp:preempted", Cause.GCP, "Compute Engine preempts this machine", goneNanos, true));
        } else {
            goneNanos = OptionalLong.empty();
        }
        if (server.get(INSTANCE + "maintenance-event", HEADERS)
                .filter("TERMINATE_ON_HOST_MAINTENANCE"::equals)
                .isPresent()) { // with MIGRATE_ON_HOST_MAINTENANCE it runs on
            notices.add(new Notice(
                    "gcp:maintenance",
                    Cause.GCP,
                    "Compute Engine ends this machine for maintenance of its host",
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
