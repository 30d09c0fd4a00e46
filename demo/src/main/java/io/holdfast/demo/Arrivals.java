package io.holdfast.demo;

import io.holdfast.demo.flights.ArrivalFile;
import io.holdfast.demo.flights.RunDirectory;
import io.holdfast.testing.RecordLedger;
import io.holdfast.testing.RecordLedger.Arrival;
import io.holdfast.testing.RecordLedger.Verdict;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** All flights that reached the sink in one run. The results of windows are left aside: they have no identity. */
final class Arrivals {

    private final RecordLedger ledger = new RecordLedger();
    private final List<Long> times = new ArrayList<>();

    static Arrivals read(RunDirectory run, int splits) throws IOException {
        Arrivals arrivals = new Arrivals();
        ArrivalFile.readAll(run.arrivals(), line -> {
            if (line.split() >= 0) {
                arrivals.add(new Arrival(
                        line.split(),
                        line.sequence(),
                        line.lane(),
                        line.sinkSubtask(),
                        line.sinkAttempt(),
                        line.atMillis()));
            }
        });
        for (int split = 0; split < splits; split++) {
            OptionalLong emitted = run.readEmitted(split);
            if (emitted.isPresent()) {
                arrivals.ledger.expect(split, emitted.getAsLong());
            }
        }
        return arrivals;
    }

    void add(Arrival arrival) {
        ledger.arrived(arrival);
        times.add(arrival.atMillis());
    }

    Verdict verdict() {
        return ledger.verdict();
    }

    /** How long the whole output stood still at most. */
    long gapMillis(long fromMillis, long toMillis) {
        return ledger.largestGap(fromMillis, toMillis).millis();
    }

    /** How long the output of the lane that suffered most stood still. */
    long worstGapMillis(long fromMillis, long toMillis, List<Lane> lanes) {
        return lanes.stream()
                .mapToLong(lane ->
                        ledger.largestGap(fromMillis, toMillis, lane::holds).millis())
                .max()
                .orElse(0);
    }

    /** Flights per second in each bucket from {@code fromMillis} on. */
    long[] perSecond(long fromMillis, long toMillis, int bucketMillis) {
        long[] buckets = new long[(int) ((toMillis - fromMillis) / bucketMillis)];
        for (long time : times) {
            long bucket = Math.floorDiv(time - fromMillis, (long) bucketMillis);
            if (bucket >= 0 && bucket < buckets.length) {
                buckets[(int) bucket]++;
            }
        }
        for (int i = 0; i < buckets.length; i++) {
            buckets[i] = buckets[i] * 1000 / bucketMillis;
        }
        return buckets;
    }
}
