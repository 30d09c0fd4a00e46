package io.holdfast.benchmarks.autopartition;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ServiceTest {

    private static final long SERVICE = 1_000_000;

    private final Service service = new Service(SERVICE);

    @Test
    void threadThatWakesUpLateServesAsManyRecordsAsOneThatDoesNot() {
        long now = 5 * SERVICE;
        long begun = now;
        for (int i = 0; i < 1_000; i++) {
            long due = service.begin(now);
            now = Math.max(now, due) + (i % 10 == 0 ? 3_000_000 : 60_000); // one in ten very late
            service.ended(now);
        }

        assertThat(service.begin(now) - begun).isEqualTo(1_001 * SERVICE);
    }

    @Test
    void receiverThatWasIdleGetsNoCreditForIt() {
        serveOne(0);

        long now = 10 * SERVICE;

        assertThat(service.begin(now)).isEqualTo(now + SERVICE);
    }

    @Test
    void firstRecordTakesItsTime() {
        assertThat(service.begin(0)).isEqualTo(SERVICE);
    }

    @Test
    void notMoreIsCaughtUpWithThanIsBounded() {
        service.begin(0);
        long now = 1_000 * SERVICE;
        service.ended(now);

        assertThat(service.begin(now)).isEqualTo(now - Service.MOST_LATE_NANOS + SERVICE);
    }

    @Test
    void stallIsNotCaughtUpWith() {
        service.begin(0);
        long end = 2_000 * SERVICE;
        service.delay(end);
        service.ended(end);

        assertThat(service.begin(end)).isEqualTo(end + SERVICE);
    }

    private void serveOne(long now) {
        service.ended(service.begin(now));
    }
}
