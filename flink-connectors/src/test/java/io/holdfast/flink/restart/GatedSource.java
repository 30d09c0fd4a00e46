package io.holdfast.flink.restart;

import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;

/** Numbers, whose enumerator takes its first snapshot only when the test lets it. */
final class GatedSource extends NumberSequenceSource {

    private static CountDownLatch entered = new CountDownLatch(1);
    private static CountDownLatch open = new CountDownLatch(1);

    GatedSource(long from, long to) {
        super(from, to);
    }

    static void close() {
        entered = new CountDownLatch(1);
        open = new CountDownLatch(1);
    }

    /** Waits until the enumerator is asked for a snapshot. */
    static void awaitSnapshot() throws InterruptedException {
        entered.await();
    }

    static void open() {
        open.countDown();
    }

    @Override
    public SplitEnumerator<NumberSequenceSplit, Collection<NumberSequenceSplit>> createEnumerator(
            SplitEnumeratorContext<NumberSequenceSplit> context) {
        return new Gated(super.createEnumerator(context));
    }

    private record Gated(SplitEnumerator<NumberSequenceSplit, Collection<NumberSequenceSplit>> stock)
            implements SplitEnumerator<NumberSequenceSplit, Collection<NumberSequenceSplit>> {

        @Override
        public Collection<NumberSequenceSplit> snapshotState(long checkpointId) throws Exception {
            entered.countDown();
            open.await();
            return stock.snapshotState(checkpointId);
        }

        @Override
        public void start() {
            stock.start();
        }

        @Override
        public void handleSplitRequest(int subtask, String host) {
            stock.handleSplitRequest(subtask, host);
        }

        @Override
        public void addSplitsBack(List<NumberSequenceSplit> splits, int subtask) {
            stock.addSplitsBack(splits, subtask);
        }

        @Override
        public void addReader(int subtask) {
            stock.addReader(subtask);
        }

        @Override
        public void close() throws IOException {
            stock.close();
        }
    }
}
