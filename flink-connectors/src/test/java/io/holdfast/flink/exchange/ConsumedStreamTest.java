package io.holdfast.flink.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.runtime.checkpoint.CheckpointOptions;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.event.AbstractEvent;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.executiongraph.ExecutionGraphID;
import org.apache.flink.runtime.io.network.api.CancelCheckpointMarker;
import org.apache.flink.runtime.io.network.api.CheckpointBarrier;
import org.apache.flink.runtime.io.network.api.EndOfData;
import org.apache.flink.runtime.io.network.api.EndOfPartitionEvent;
import org.apache.flink.runtime.io.network.api.StopMode;
import org.apache.flink.runtime.io.network.api.serialization.EventSerializer;
import org.apache.flink.runtime.io.network.buffer.Buffer;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;
import org.apache.flink.runtime.shuffle.BarrierPositions;
import org.apache.flink.runtime.shuffle.HoldfastReport;
import org.apache.flink.runtime.shuffle.StreamPosition;
import org.apache.flink.runtime.state.CheckpointStorageLocationReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ConsumedStreamTest {

    private static final StreamPosition START = new StreamPosition(7, 700);
    private static final long NO_BARRIER = -1;
    private static final long NO_WATERMARK = Long.MIN_VALUE;

    private final TaskExchange task = new TaskExchange(
            new ExecutionAttemptID(new ExecutionGraphID(), new ExecutionVertexID(new JobVertexID(), 0), 0));
    private final RecordingUpstream upstream = new RecordingUpstream();
    private final AttachmentReport report =
            new AttachmentReport(new IntermediateResultPartitionID(), task.attempt(), () -> {});
    private boolean allDataRead;
    private final ConsumedStream stream = new ConsumedStream(task, upstream, report, () -> allDataRead);
    private final CountingRecycler recycler = new CountingRecycler();
    private final List<Buffer> events = new ArrayList<>();

    @AfterEach
    void everyBufferComesBack() {
        stream.discard();
        assertThat(recycler.recycled()).as("data").isEqualTo(recycler.handedOut());
        assertThat(events).as("events").allMatch(Buffer::isRecycled);
    }

    // ------------------------------------------------------------------ from one attempt to the next

    @Test
    void greetingIsNotForTheTask() throws Exception {
        greeting(0, START);

        assertThat(heard()).isEmpty();
        assertThat(upstream.said()).containsExactly("greeted");
    }

    @Test
    void recordThatWasBrokenOffIsNeverHeard() throws Exception {
        SerializedStream stale = new SerializedStream().record(1).record(50);
        greeting(0, StreamPosition.START);
        data(Arrays.copyOf(stale.bytes(), stale.size() - 1));

        stream.brokenOff(0);
        greeting(1, StreamPosition.START);
        data(new SerializedStream().watermark(5).record(2).bytes());

        assertThat(heard()).containsExactly("record", "watermark 5", "record");
    }

    @Test
    void reportSpeaksOfWhatWasReadOfTheAttemptBefore() throws Exception {
        SerializedStream read = new SerializedStream().record(1).record(2);
        greeting(0, StreamPosition.START);
        data(read.bytes());
        stream.brokenOff(0);

        greeting(1, START);

        HoldfastReport.Attached told = report.take().orElseThrow();
        assertThat(told.attempt()).isEqualTo(1);
        assertThat(told.start()).isEqualTo(START);
        assertThat(told.earlier()).singleElement().satisfies(earlier -> {
            assertThat(earlier.attempt()).isZero();
            assertThat(earlier.read()).isEqualTo(read.last().position());
        });
    }

    @Test
    void onlyWhatTheTaskCanHaveOfAProducerIsRead() throws Exception {
        SerializedStream whole = new SerializedStream().record(1).record(20);
        SerializedStream more = new SerializedStream().record(50);
        event(new AttachedEvent(1, START, new BarrierPositions(), 8, 4_711, true, null, false));
        long ofTheGreeting = stream.readBytes();

        data(whole.bytes());
        long ofWhole = stream.readBytes();
        data(Arrays.copyOf(more.bytes(), more.size() - 1));
        long ofHalf = stream.readBytes();
        data(Arrays.copyOfRange(more.bytes(), more.size() - 1, more.size()));

        assertThat(ofTheGreeting).isZero();
        assertThat(ofWhole).isEqualTo(whole.size());
        assertThat(ofHalf).isEqualTo(whole.size());
        assertThat(stream.readBytes()).isEqualTo(whole.size() + more.size());
        assertThat(stream.readRecords()).isEqualTo(3);
    }

    @Test
    void attemptThatNeverGreetedIsNotReported() throws Exception {
        stream.brokenOff(0);
        stream.brokenOff(1);

        greeting(2, StreamPosition.START);

        assertThat(report.take().orElseThrow().earlier()).isEmpty();
    }

    @Test
    void producerThatWasIdleIsActiveAgainBeforeTheNextOneSpeaks() throws Exception {
        data(new SerializedStream().idle().bytes());

        stream.brokenOff(0);
        stream.brokenOff(1);

        assertThat(heard()).containsExactly("idle", "active");
    }

    @Test
    void producerThatWasIdleWhenItWasAttachedIsActiveAgainBeforeTheNextOneSpeaks() throws Exception {
        event(new AttachedEvent(1, START, new BarrierPositions(), NO_BARRIER, NO_WATERMARK, true, null, false));

        stream.brokenOff(1);

        assertThat(heard()).containsExactly("idle", "active");
    }

    @Test
    void producerThatWasIdleAndHadComeToTheEndStaysIdle() throws Exception {
        event(new AttachedEvent(1, START, new BarrierPositions(), NO_BARRIER, 7, true, StopMode.DRAIN, false));

        stream.brokenOff(1);
        stream.producerGone(1);

        assertThat(heard()).containsExactly("watermark 7", "idle", "end of data", "end of partition");
    }

    @Test
    void whatWasMissedIsToldByTheGreeting() throws Exception {
        event(new AttachedEvent(1, START, new BarrierPositions(), 8, 4_711, true, StopMode.DRAIN, true));

        assertThat(heard()).containsExactly("cancel 8", "watermark 4711", "idle", "end of data", "end of partition");
        assertThat(upstream.said()).containsExactly("greeted", "end of data passed", "end of partition passed");
    }

    // ------------------------------------------------------------------ barriers

    @Test
    void barrierPassesAndItsProducerWaitsForTheTask() throws Exception {
        barrier(3);

        assertThat(heard()).containsExactly("barrier 3");
        assertThat(upstream.said()).containsExactly("barrier passed, waiting");
        assertThat(task.lastBarrier()).isEqualTo(3);
    }

    @Test
    void barrierUpToTheFenceIsCancelledAndItsProducerGoesOn() throws Exception {
        task.raiseFence(3);

        barrier(3);

        assertThat(heard()).containsExactly("cancel 3");
        assertThat(upstream.said()).containsExactly("resume");
        assertThat(task.lastBarrier()).isEqualTo(-1);
    }

    @Test
    void barrierIsCancelledWhileAnyInputIsAway() throws Exception {
        task.away(true);

        barrier(3);

        assertThat(heard()).containsExactly("cancel 3");
        assertThat(upstream.said()).containsExactly("resume");
    }

    @Test
    void checkpointThatWaitsForTheBarrierOfALostProducerIsCancelledOnce() {
        task.barrierSeen(5, false); // on another channel

        stream.fenced();
        stream.brokenOff(0);
        stream.fenced();

        assertThat(heard()).containsExactly("cancel 5");
    }

    @Test
    void checkpointThatWasFencedIsCancelledThoughThisTaskHasNotSeenIt() {
        task.raiseFence(6);

        stream.fenced();

        assertThat(heard()).containsExactly("cancel 6");
    }

    @Test
    void checkpointWhoseBarrierHasComeIsNotCancelled() throws Exception {
        barrier(5);

        stream.brokenOff(0);

        assertThat(heard()).containsExactly("barrier 5");
    }

    // ------------------------------------------------------------------ being away

    @Test
    void channelIsAwayFromTheCutToTheNextGreeting() throws Exception {
        stream.linkCut();
        stream.linkCut();
        boolean afterCut = task.anyAway();

        greeting(1, START);

        assertThat(afterCut).isTrue();
        assertThat(task.anyAway()).isFalse();
    }

    @Test
    void channelThatHasEndedIsNeverAway() throws Exception {
        stream.linkCut();
        event(EndOfPartitionEvent.INSTANCE);
        boolean afterEnd = task.anyAway();

        stream.linkCut();

        assertThat(afterEnd).isFalse();
        assertThat(task.anyAway()).isFalse();
    }

    @Test
    void channelThatIsClosedIsNotAwayAndGivesEverythingBack() throws Exception {
        data(new SerializedStream().record(1).bytes());
        stream.linkCut();

        stream.close();

        assertThat(task.anyAway()).isFalse();
        assertThat(stream.hasNext()).isFalse();
        assertThat(recycler.recycled()).isEqualTo(1);
    }

    // ------------------------------------------------------------------ the ends

    @Test
    void taskHearsEachEndOnceAndLaterOnesAreAnsweredForIt() throws Exception {
        event(new EndOfData(StopMode.DRAIN));
        event(EndOfPartitionEvent.INSTANCE);
        upstream.said();
        stream.brokenOff(0);

        event(new EndOfData(StopMode.DRAIN));
        event(EndOfPartitionEvent.INSTANCE);

        assertThat(heard()).containsExactly("end of data", "end of partition");
        assertThat(upstream.said()).containsExactly("acknowledge", "close");
    }

    @Test
    void endsThatAGreetingTellsAgainAreAnsweredForTheTask() throws Exception {
        event(new EndOfData(StopMode.DRAIN));
        event(EndOfPartitionEvent.INSTANCE);
        heard();
        upstream.said();

        event(new AttachedEvent(1, START, new BarrierPositions(), 8, 4_711, true, StopMode.DRAIN, true));

        assertThat(heard()).isEmpty();
        assertThat(upstream.said()).containsExactly("greeted", "acknowledge", "close");
    }

    @Test
    void recordsBehindTheEndOfDataPassUntilAllChannelsHaveEnded() throws Exception {
        SerializedStream late = new SerializedStream().record(2);
        greeting(1, StreamPosition.START);
        event(new EndOfData(StopMode.DRAIN));
        data(new SerializedStream().record(1).bytes());

        allDataRead = true;
        data(late.bytes());
        event(new EndOfData(StopMode.DRAIN));

        assertThat(heard()).containsExactly("end of data", "record");
        assertThat(report.take())
                .hasValueSatisfying(
                        told -> assertThat(told.dropped()).isEqualTo(late.last().position()));
    }

    @Test
    void streamOfAProducerThatIsGoneEnds() {
        stream.producerGone(2);

        assertThat(heard()).containsExactly("watermark " + Long.MAX_VALUE, "end of data", "end of partition");
        assertThat(report.take()).hasValueSatisfying(told -> {
            assertThat(told.attempt()).isEqualTo(2);
            assertThat(told.synthetic()).isTrue();
        });
    }

    @Test
    void drainedStreamDropsRecordsAndLetsProducersGoOn() throws Exception {
        event(new EndOfData(StopMode.DRAIN));
        event(EndOfPartitionEvent.INSTANCE);
        heard();
        upstream.said();

        stream.drain();
        data(new SerializedStream().record(1).bytes());
        barrier(9);

        assertThat(heard()).isEmpty();
        assertThat(upstream.said()).containsExactly("resume");
        assertThat(stream.draining()).isTrue();
    }

    // ------------------------------------------------------------------ behind a barrier

    @Test
    void streamIsBehindABarrierThatTheTaskGot() throws Exception {
        greeting(0, START);
        barrier(6);
        boolean before = stream.isBehind(7);
        barrier(7);

        assertThat(before).isFalse();
        assertThat(stream.isBehind(7)).isTrue();
        assertThat(stream.isBehind(8)).isFalse();
        assertThat(heard()).hasSize(2);
    }

    @Test
    void streamIsNotBehindABarrierThatTheTaskDidNotGet() throws Exception {
        task.raiseFence(7);
        greeting(0, START);
        barrier(7);
        stream.linkCut();
        stream.brokenOff(0);

        assertThat(stream.isBehind(7)).isFalse();
    }

    @Test
    void streamThatHasEndedIsBehindEveryBarrier() throws Exception {
        greeting(0, START);
        event(new EndOfData(StopMode.DRAIN));
        boolean before = stream.isBehind(7);
        event(EndOfPartitionEvent.INSTANCE);

        assertThat(before).isFalse();
        assertThat(stream.isBehind(7)).isTrue();
    }

    // ------------------------------------------------------------------ read again

    @Test
    void whatTheSameAttemptSendsAgainIsHeardOnce() throws Exception {
        SerializedStream read = new SerializedStream().record(1).watermark(5).record(2);
        SerializedStream behind = new SerializedStream().record(3).watermark(6);
        greeting(0, START);
        data(read.bytes());
        data(Arrays.copyOf(behind.bytes(), 3)); // the beginning of a record
        List<String> first = heard();

        stream.linkCut();
        stream.brokenOff(0);
        greeting(0, START);
        byte[] all = Arrays.copyOf(read.bytes(), read.size() + behind.size());
        System.arraycopy(behind.bytes(), 0, all, read.size(), behind.size());
        data(Arrays.copyOf(all, 10));
        data(Arrays.copyOfRange(all, 10, all.length));

        assertThat(first).containsExactly("record", "watermark 5", "record");
        assertThat(heard()).containsExactly("record", "watermark 6");
        assertThat(stream.readBytes()).as("what the producer has sent").isEqualTo(all.length);
        assertThat(report.take())
                .hasValueSatisfying(told -> assertThat(told.start())
                        .as("nothing is between the two")
                        .isEqualTo(START.plus(read.last().position())));
    }

    @Test
    void idleProducerThatSendsAgainIsIdleAgain() throws Exception {
        SerializedStream read = new SerializedStream().record(1).idle();
        greeting(0, START);
        data(read.bytes());
        heard();

        stream.brokenOff(0);
        greeting(0, START);
        List<String> inBetween = heard();
        data(read.bytes());

        assertThat(inBetween).containsExactly("active", "idle");
        assertThat(heard()).isEmpty();
    }

    @Test
    void anotherAttemptSendsNothingAgain() throws Exception {
        SerializedStream read = new SerializedStream().record(1);
        greeting(0, START);
        data(read.bytes());
        heard();

        stream.brokenOff(0);
        greeting(1, StreamPosition.START);
        data(read.bytes());

        assertThat(heard()).containsExactly("record");
    }

    // ------------------------------------------------------------------ vocabulary

    private void greeting(int attempt, StreamPosition start) throws IOException {
        event(new AttachedEvent(attempt, start, new BarrierPositions(), NO_BARRIER, NO_WATERMARK, false, null, false));
    }

    private void barrier(long id) throws IOException {
        event(new CheckpointBarrier(
                id,
                0,
                CheckpointOptions.alignedNoTimeout(
                        CheckpointType.CHECKPOINT, CheckpointStorageLocationReference.getDefault())));
    }

    private void event(AbstractEvent event) throws IOException {
        Buffer buffer = EventSerializer.toBuffer(event, false);
        events.add(buffer);
        stream.accept(buffer, SequenceWord.UNKNOWN);
    }

    private void data(byte[] content) throws IOException {
        stream.accept(recycler.buffer(content, 0), SequenceWord.UNKNOWN);
    }

    /** What the task reads now, which gives every buffer back. */
    private List<String> heard() {
        List<String> heard = new ArrayList<>();
        while (stream.hasNext()) {
            Buffer next = stream.next();
            if (next.isBuffer()) {
                heardElements(next.getNioBufferReadable(), heard);
            } else {
                heard.add(nameOf(next));
            }
            next.recycleBuffer();
        }
        return heard;
    }

    private static void heardElements(ByteBuffer elements, List<String> heard) {
        while (elements.hasRemaining()) {
            int length = elements.getInt();
            ByteBuffer element = elements.slice(elements.position(), length);
            elements.position(elements.position() + length);
            switch (element.get()) {
                case 2 -> heard.add("watermark " + element.getLong());
                case 4 -> heard.add(element.getInt() == 0 ? "active" : "idle");
                default -> heard.add("record");
            }
        }
    }

    private static String nameOf(Buffer buffer) {
        AbstractEvent event;
        try {
            event = EventSerializer.fromSerializedEvent(
                    buffer.getNioBufferReadable(), ConsumedStreamTest.class.getClassLoader());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        if (event instanceof CheckpointBarrier barrier) {
            return "barrier " + barrier.getId();
        } else if (event instanceof CancelCheckpointMarker cancel) {
            return "cancel " + cancel.getCheckpointId();
        } else if (event instanceof EndOfData) {
            return "end of data";
        }
        return event instanceof EndOfPartitionEvent ? "end of partition" : event.toString();
    }
}
