package io.holdfast.flink.restart;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/** Notes the watermarks that pass, by attempt. */
final class WatermarkWatch extends AbstractStreamOperator<String> implements OneInputStreamOperator<String, String> {

    record Seen(int subtask, int attempt, int restartsSoFar, long watermark) {}

    private static final Queue<Seen> SEEN = new ConcurrentLinkedQueue<>();

    static void reset() {
        SEEN.clear();
    }

    /** In the order in which each task saw them. */
    static Queue<Seen> seen() {
        return SEEN;
    }

    @Override
    public void processElement(StreamRecord<String> element) {
        output.collect(element);
    }

    @Override
    public void processWatermark(Watermark mark) throws Exception {
        SEEN.add(new Seen(
                getRuntimeContext().getTaskInfo().getIndexOfThisSubtask(),
                getRuntimeContext().getTaskInfo().getAttemptNumber(),
                FaultPoint.restarted().length,
                mark.getTimestamp()));
        super.processWatermark(mark);
    }
}
