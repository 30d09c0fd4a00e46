package io.holdfast.flink.autopartition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What receivers tell, and what producers make of it. */
class FeedbackTest {

    private static final long MILLISECOND = World.MILLISECOND;

    private final List<Integer> words = new ArrayList<>();
    private final List<Runnable> timer = new ArrayList<>();
    private final ServiceClock service = new ServiceClock(this::now);
    private final Feedback feedback = new Feedback(service, 1, (work, delayMs) -> timer.add(work), this::now);
    private final Consumption channel = feedback.channel();
    private final Consumption.Upstream link = words::add;
    private long now = 5_000 * MILLISECOND;
    private long handedRecords;
    private long served;

    FeedbackTest() {
        service.gate();
    }

    private long now() {
        return now;
    }

    // ------------------------------------------------------------------ words

    @Test
    void wordIsNoBufferSizeAndABufferSizeIsNoWord() {
        assertThat(ConsumptionWord.is(ConsumptionWord.of(0, 0))).isTrue();
        assertThat(ConsumptionWord.is(ConsumptionWord.of(Long.MAX_VALUE, 1023))).isTrue();
        assertThat(ConsumptionWord.of(Long.MAX_VALUE, 1023))
                .as("Flink wants it")
                .isPositive();
        assertThat(ConsumptionWord.is(1 << 29)).as("a large segment").isFalse();
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.001, 0.5, 1, 7, 1_000, 1e6, 1e9})
    void rateSurvivesItsCode(double nanosPerByte) {
        double read = ConsumptionWord.nanosPerByte(ConsumptionWord.rateCodeOf(nanosPerByte));

        assertThat(read / nanosPerByte).isEqualTo(1, within(0.015));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 12_345, (1L << 20) - 1, 1L << 20, 1L << 30, (1L << 30) + 7})
    void countGoesOnWhenItsBitsBeginAgain(long start) {
        Receivers receivers = new Receivers(2, 32_768);
        receivers.sent(1, (int) start);
        receivers.left(1, start);
        receivers.attached(1, start);
        long consumed = 0;

        for (int i = 0; i < 5_000; i++) {
            int step = (int) (1 + i * 7_919L % ConsumptionWord.LONGEST_STEP);
            receivers.sent(1, step + 5);
            consumed += step;
            receivers.left(1, start + consumed);
            receivers.heard(1, ConsumptionWord.of(consumed, 17));
            assertThat(receivers.outstandingBytes(1)).isEqualTo(5L * (i + 1));
        }
        assertThat(consumed).isGreaterThan(1L << 30);
    }

    @Test
    void wordOfMoreThanWasSentIsNotBelieved() {
        Receivers receivers = new Receivers(2, 32_768);
        receivers.sent(0, 1_000);
        receivers.left(0, 400);

        receivers.heard(0, ConsumptionWord.of(401, 5));

        assertThat(receivers.outstandingBytes(0)).isEqualTo(1_000);
    }

    @Test
    void weightIsAShare() {
        assertThatThrownBy(() -> new Receivers(1, 1).weight(0, 1.5))
                .hasMessageContaining("weight must be in [0, 1]: 1.5");
        assertThatThrownBy(() -> new Receivers(1, 1).weight(0, Double.NaN)).hasMessageContaining("NaN");
    }

    // ------------------------------------------------------------------ when it is told

    @Test
    void firstBufferIsToldWhenTheTaskComesForTheNext() {
        handed(link, 100);
        assertThat(words).isEmpty();

        done(3);

        assertThat(words).hasSize(1);
        assertThat(ConsumptionWord.since(0, words.get(0))).isEqualTo(100);
        assertThat(rate(words.get(0))).isEqualTo(3.0 * MILLISECOND / 100, within(1_000.0));
    }

    @Test
    void tellsAtMostEveryInterval() {
        for (int i = 1; i <= 100; i++) {
            handed(link, 100L * i);
            done(1);
        }

        assertThat(words).hasSizeBetween(20, 21);
    }

    @Test
    void restIsToldByTheTimerWhichRunsOnce() {
        handed(link, 100);
        done(1);
        handed(link, 150);
        done(1);
        handed(link, 175);
        done(1);

        assertThat(timer).hasSize(1);
        timer.remove(0).run();

        assertThat(words).hasSize(2);
        assertThat(ConsumptionWord.since(100, words.get(1))).isEqualTo(75);
        handed(link, 200);
        done(1);
        assertThat(timer).as("for what came later").hasSize(1);
    }

    @Test
    void timerThatComesInVainTellsNothing() {
        handed(link, 100);
        done(1);
        handed(link, 200);
        done(1);
        handed(link, 300);
        done(30);

        timer.remove(0).run();

        assertThat(words).hasSize(2);
    }

    @Test
    void largeStepsAreToldInSeveralWords() {
        Receivers receivers = new Receivers(1, 32_768);
        receivers.sent(0, 3_000_000);
        receivers.left(0, 3_000_000);

        handed(link, 3_000_000);
        done(1);
        words.forEach(word -> receivers.heard(0, word));

        assertThat(receivers.outstandingBytes(0)).isZero();
    }

    @Test
    void anotherLinkIsAnotherCount() {
        List<Integer> others = new ArrayList<>();
        handed(link, 100);
        done(1);
        handed(link, 200);
        done(1);

        handed(others::add, 40);
        done(1);
        timer.forEach(Runnable::run);

        assertThat(words).as("the old link is told no more").hasSize(1);
        assertThat(others).hasSize(1);
        assertThat(ConsumptionWord.since(0, others.get(0))).isEqualTo(40);
    }

    @Test
    void whatACutLinkHadBroughtIsToldNobody() {
        handed(null, 100);
        done(1);

        assertThat(words).isEmpty();
        assertThat(timer).isEmpty();
    }

    @Test
    void whatACutLinkHadBroughtTeachesNothing() {
        serve(1_000, 2);
        double before = rate(last());

        handed(null, served + 1_000);
        done(2_000);
        List<Integer> others = new ArrayList<>();
        handed(others::add, 1_000);
        done(2);

        assertThat(rate(others.get(0))).isEqualTo(before);
    }

    // ------------------------------------------------------------------ what is learnt

    @Test
    void waitingForInputIsNotService() {
        for (int i = 1; i <= 50; i++) {
            handed(link, 1_000L * i);
            done(2);
            now += 100 * MILLISECOND;
        }

        assertThat(rate(last())).isEqualTo(2_000, within(40.0));
    }

    @Test
    void singleStallIsNotTakenForASlowReceiver() {
        serve(100, 2);

        serve(1, 2_000);
        assertThat(rate(last())).isLessThan(10_000);
        serve(1_000, 2);

        assertThat(rate(last())).isEqualTo(2_000, within(200.0));
    }

    @Test
    void whatWasLearntLongAgoGivesWayToTheFirstRecord() {
        serve(100, 200);

        now += 3_000 * MILLISECOND;
        serve(1, 2);

        assertThat(rate(last())).isLessThan(4_000);
    }

    @Test
    void buffersWithoutRecordsTeachNothing() {
        serve(10, 20);
        double before = rate(last());

        for (int i = 0; i < 100; i++) { // watermarks, say
            now += 200 * MILLISECOND;
            channel.handed(link, 10_000 + 13 * (i + 1), handedRecords);
            service.gone(false);
            service.come();
        }

        assertThat(ConsumptionWord.since(10_000, last())).as("but count").isEqualTo(1_300);
        assertThat(rate(last())).isEqualTo(before);
    }

    @Test
    void recordThatWasPutTogetherIsServedWithTheBufferItEndsIn() {
        for (int i = 1; i <= 50; i++) {
            channel.handedPart(link);
            service.gone(true);
            done(1);
            handed(link, 1_000L * i);
            done(1);
        }

        assertThat(rate(last())).isEqualTo(2_000, within(40.0));
    }

    @Test
    void inAUnionOnlyBuffersWithOthersBehindThemTeach() {
        service.gate();
        handed(link, 1_000);
        done(1_000);
        boolean learntFromTheLast = rate(last()) != 0;

        channel.handed(link, 2_000, ++handedRecords);
        service.gone(true);
        done(2);

        assertThat(learntFromTheLast).isFalse();
        timer.forEach(Runnable::run);
        assertThat(rate(last())).isEqualTo(2_000, within(40.0));
    }

    // ------------------------------------------------------------------ silence

    @Test
    void receiverThatShouldHaveToldSomethingIsExpectedLater() {
        Receivers receivers = new Receivers(1, 32_768);
        receivers.sent(0, 1_000);
        receivers.left(0, 1_000);
        receivers.heard(0, ConsumptionWord.of(0, ConsumptionWord.rateCodeOf(1)));
        double atOnce = receivers.delayNanos(0, 100, 0);

        assertThat(receivers.delayNanos(0, 100, 20 * MILLISECOND)).isEqualTo(atOnce);
        assertThat(receivers.delayNanos(0, 100, 1_000 * MILLISECOND)).isGreaterThan(900.0 * MILLISECOND);
        receivers.heard(0, ConsumptionWord.of(10, ConsumptionWord.rateCodeOf(1)));
        assertThat(receivers.delayNanos(0, 100, 1_001 * MILLISECOND)).isLessThan(atOnce);
    }

    @Test
    void whatLiesInAnOpenBufferIsNotAwaited() {
        Receivers receivers = new Receivers(1, 32_768);
        receivers.heard(0, ConsumptionWord.of(0, ConsumptionWord.rateCodeOf(1)));
        receivers.sent(0, 1_000);
        double atOnce = receivers.delayNanos(0, 100, 0);

        assertThat(receivers.delayNanos(0, 100, 60_000 * MILLISECOND)).isEqualTo(atOnce);
    }

    // ------------------------------------------------------------------ vocabulary

    private void handed(Consumption.Upstream from, long bytes) {
        channel.handed(from, bytes, ++handedRecords);
        service.gone(false);
    }

    private void done(long milliseconds) {
        now += milliseconds * MILLISECOND;
        service.come();
    }

    private void serve(int buffers, long milliseconds) {
        for (int i = 0; i < buffers; i++) {
            served += 1_000;
            handed(link, served);
            done(milliseconds);
        }
        now += 30 * MILLISECOND;
        timer.forEach(Runnable::run);
        timer.clear();
    }

    private int last() {
        return words.get(words.size() - 1);
    }

    private static double rate(int word) {
        return ConsumptionWord.nanosPerByte(ConsumptionWord.rateCode(word));
    }
}
