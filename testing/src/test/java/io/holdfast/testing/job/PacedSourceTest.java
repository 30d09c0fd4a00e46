package io.holdfast.testing.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import org.apache.flink.api.connector.source.ReaderInfo;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.connector.source.SplitsAssignment;
import org.apache.flink.metrics.groups.SplitEnumeratorMetricGroup;
import org.junit.jupiter.api.Test;

class PacedSourceTest {

    private final RecordingContext context = new RecordingContext();

    @Test
    void everyReaderGetsTheLaneOfItsNumberAndNoOther() throws Exception {
        SplitEnumerator<PacedSplit, List<PacedSplit>> enumerator = new Lanes(2).createEnumerator(context);

        enumerator.addReader(1);
        enumerator.addReader(1);
        enumerator.addReader(2);

        assertThat(context.assigned).containsExactly("1 gets 1");
        assertThat(enumerator.snapshotState(1)).containsExactly(new PacedSplit(0, 0, PacedSplit.NOT_BEGUN));
    }

    @Test
    void whatNoCheckpointHoldsGoesToTheReadersSuccessor() throws Exception {
        SplitEnumerator<PacedSplit, List<PacedSplit>> enumerator = new Lanes(2).createEnumerator(context);
        enumerator.addReader(0);

        enumerator.addSplitsBack(List.of(new PacedSplit(0, 0, PacedSplit.NOT_BEGUN)), 0);
        enumerator.addReader(0);

        assertThat(context.assigned).containsExactly("0 gets 0", "0 gets 0");
    }

    @Test
    void aRestoredEnumeratorHasWhatWasUnassigned() throws Exception {
        PacedSplit unassigned = new PacedSplit(1, 7, 1_000);
        SplitEnumerator<PacedSplit, List<PacedSplit>> enumerator =
                new Lanes(2).restoreEnumerator(context, List.of(unassigned));

        assertThat(enumerator.snapshotState(1)).containsExactly(unassigned);
        enumerator.addReader(0);
        assertThat(context.assigned).isEmpty();
    }

    private static final class Lanes extends PacedSource<String> {

        private static final long serialVersionUID = 1L;

        Lanes(int lanes) {
            super(lanes);
        }

        @Override
        public SourceReader<String, PacedSplit> createReader(SourceReaderContext context) {
            throw new UnsupportedOperationException();
        }
    }

    private static final class RecordingContext implements SplitEnumeratorContext<PacedSplit> {

        private final List<String> assigned = new ArrayList<>();

        @Override
        public void assignSplit(PacedSplit split, int subtask) {
            assigned.add(subtask + " gets " + split.splitId());
        }

        @Override
        public void assignSplits(SplitsAssignment<PacedSplit> assignment) {
            throw new UnsupportedOperationException();
        }

        @Override
        public SplitEnumeratorMetricGroup metricGroup() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void sendEventToSourceReader(int subtask, SourceEvent event) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int currentParallelism() {
            throw new UnsupportedOperationException();
        }

        @Override
        public Map<Integer, ReaderInfo> registeredReaders() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void signalNoMoreSplits(int subtask) {
            throw new UnsupportedOperationException();
        }

        @Override
        public <T> void callAsync(Callable<T> callable, BiConsumer<T, Throwable> handler) {
            throw new UnsupportedOperationException();
        }

        @Override
        public <T> void callAsync(
                Callable<T> callable, BiConsumer<T, Throwable> handler, long initialDelay, long period) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void runInCoordinatorThread(Runnable runnable) {
            throw new UnsupportedOperationException();
        }
    }
}
