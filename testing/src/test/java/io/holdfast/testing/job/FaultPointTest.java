package io.holdfast.testing.job;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.testing.job.FaultPoint.InjectedFault;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FaultPointTest {

    @TempDir
    private Path directory;

    private final AtomicLong nowNanos = new AtomicLong();
    private FaultRequests requests;
    private FaultPoint point;

    @BeforeEach
    void place() {
        requests = new FaultRequests(directory);
        point = new FaultPoint(requests, "map", 3, nowNanos::get);
    }

    @Test
    void whatWasAskedForBeforehandHappensAtOnce() throws IOException {
        requests.add("map", 3);

        assertThatThrownBy(point::pass)
                .isInstanceOf(InjectedFault.class)
                .hasMessage("Subtask 3 of map fails because it was asked to.");
    }

    @Test
    void aFailureHappensOnce() throws IOException {
        requests.add("map", 3);
        assertThatThrownBy(point::pass).isInstanceOf(InjectedFault.class);

        nowNanos.addAndGet(TimeUnit.SECONDS.toNanos(1));

        assertThatCode(point::pass).doesNotThrowAnyException();
    }

    @Test
    void theDiskIsLookedAtEveryTenMilliseconds() throws IOException {
        point.pass();
        requests.add("map", 3);

        nowNanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(10) - 1);
        assertThatCode(point::pass).doesNotThrowAnyException();

        nowNanos.addAndGet(1);
        assertThatThrownBy(point::pass).isInstanceOf(InjectedFault.class);
    }
}
