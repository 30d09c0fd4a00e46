package org.apache.flink.runtime.io.network.partition.consumer;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.flink.exchange.AttachmentReport;
import io.holdfast.flink.exchange.ConsumedStream;
import io.holdfast.flink.exchange.Exchanges;
import io.holdfast.flink.exchange.LinkRetries;
import io.holdfast.flink.exchange.SequenceWord;
import io.holdfast.flink.exchange.StreamElements;
import io.holdfast.flink.exchange.TaskExchange;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.apache.flink.core.memory.MemorySegmentFactory;
import org.apache.flink.runtime.checkpoint.CheckpointOptions;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.checkpoint.channel.InputChannelInfo;
import org.apache.flink.runtime.event.AbstractEvent;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.executiongraph.ExecutionGraphID;
import org.apache.flink.runtime.io.network.api.CheckpointBarrier;
import org.apache.flink.runtime.io.network.api.EndOfData;
import org.apache.flink.runtime.io.network.api.EndOfPartitionEvent;
import org.apache.flink.runtime.io.network.api.StopMode;
import org.apache.flink.runtime.io.network.api.serialization.EventSerializer;
import org.apache.flink.runtime.io.network.buffer.Buffer;
import org.apache.flink.runtime.io.network.buffer.FreeingBufferRecycler;
import org.apache.flink.runtime.io.network.buffer.NetworkBuffer;
import org.apache.flink.runtime.jobgraph.IntermediateResultPartitionID;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;
import org.apache.flink.runtime.state.CheckpointStorageLocationReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What links bring, in order, and which link an answer is for. One thread: the holder of the channel's lock. */
class HoldfastInflowTest {

    private final Queue<Runnable> soon = new ArrayDeque<>();
    private final LinkRetries retries = new LinkRetries();
    private final HoldfastInflow inflow =
            new HoldfastInflow(new Object(), soon::add, retries, "task", new InputChannelInfo(0, 0));
    private final TaskExchange task = new Exchanges()
            .of(new ExecutionAttemptID(new ExecutionGraphID(), new ExecutionVertexID(new JobVertexID(), 0), 0));
    private final ConsumedStream stream = new ConsumedStream(
            task,
            inflow,
            new AttachmentReport(new IntermediateResultPartitionID(), task.attempt(), () -> {}),
            () -> false);
    private final List<Buffer> all = new ArrayList<>();
    private final FakeLink first = new FakeLink();
    private final FakeLink second = new FakeLink();

    @AfterEach
    void everyBufferComesBack() {
        first.close();
        second.close();
        inflow.discard();
        stream.discard();
        assertThat(all).allMatch(Buffer::isRecycled);
    }

    // ------------------------------------------------------------------ order

    @Test
    void bufferWhoseRecordsWereCountedIsNotLookedInto() throws Exception {
        Buffer counted = known(new NetworkBuffer(
                MemorySegmentFactory.wrap(new byte[40]), // ten empty records, if somebody looked
                FreeingBufferRecycler.INSTANCE,
                Buffer.DataType.DATA_BUFFER,
                40));
        inflow.attach(first.received(counted).withWord(SequenceWord.of(0, 5)));

        Buffer read = readNext();

        assertThat(read).isSameAs(counted);
        assertThat(stream.readRecords()).isEqualTo(5);
        assertThat(stream.readBytes()).isEqualTo(40);
    }

    @Test
    void bufferThatACutLinkHadReceivedIsLookedInto() throws Exception {
        inflow.attach(first.received(idle()).withWord(SequenceWord.of(0, 5)));
        inflow.cut(0);

        readNext();

        assertThat(stream.readRecords()).isZero();
    }

    @Test
    void whatACutLinkHadReceivedIsReadBeforeItsSuccessor() throws Exception {
        first.received(idle()).received(watermark(1));
        inflow.attach(first);
        Buffer onlyRead = readNext();

        HoldfastLink cut = inflow.cut(0);
        inflow.attach(second.received(watermark(2)));

        assertThat(onlyRead).isSameAs(all.get(0));
        assertThat(cut).isSameAs(first);
        assertThat(readNext()).isSameAs(all.get(1));
        assertThat(isFromALink(readNext())).as("active again, said at the cut").isFalse();
        assertThat(readNext()).isSameAs(all.get(2));
        assertThat(inflow.readOne(stream)).isFalse();
    }

    @Test
    void cutOfALinkThatCannotBeReadIsStillMarked() throws Exception {
        inflow.attach(first.received(watermark(1)));
        first.breaksBecauseOf(new IOException("broken on purpose"));

        inflow.cut(0);

        assertThat(inflow.readOne(stream)).as("the mark").isTrue();
        assertThat(inflow.readOne(stream)).isFalse();
    }

    @Test
    void cutWithoutALinkLeavesNoMark() throws Exception {
        assertThat(inflow.cut(0)).isNull();

        assertThat(inflow.hasMore()).isFalse();
        assertThat(inflow.readOne(stream)).isFalse();
    }

    @Test
    void freshLinkIsLookedAtOnceForItsFirstAnnouncementsWereNotHeard() throws Exception {
        inflow.attach(first);

        assertThat(inflow.hasMore()).isTrue();
        inflow.readOne(stream);
        assertThat(inflow.hasMore()).isFalse();
    }

    @Test
    void whatTheLinkAnnouncesWhileAMarkIsReadIsNotForgotten() throws Exception {
        inflow.attach(first);
        inflow.readOne(stream);
        inflow.fenced();

        boolean heard = inflow.announced(first);
        inflow.readOne(stream); // the mark
        boolean afterMark = inflow.hasMore();
        inflow.readOne(stream);

        assertThat(heard).isTrue();
        assertThat(afterMark).isTrue();
        assertThat(inflow.hasMore()).as("after the look").isFalse();
    }

    @Test
    void whatTheLinkAnnouncesDuringALookIsNotForgotten() throws Exception {
        inflow.attach(first);
        first.whenPolled(() -> inflow.announced(first));

        inflow.readOne(stream);

        assertThat(inflow.hasMore()).isTrue();
    }

    @Test
    void linkThatHasSaidThatThereIsNoMoreIsNotLookedAtAgain() throws Exception {
        inflow.attach(first.received(watermark(1)).received(watermark(2)));

        inflow.readOne(stream);
        boolean afterFirst = inflow.hasMore();
        inflow.readOne(stream);

        assertThat(afterFirst).isTrue();
        assertThat(inflow.hasMore()).isFalse();
    }

    @Test
    void linkOfThePastAnnouncesNothing() throws Exception {
        inflow.attach(first);
        inflow.cut(0);
        inflow.readOne(stream);

        assertThat(inflow.announced(first)).isFalse();
        assertThat(inflow.hasMore()).isFalse();
    }

    @Test
    void goneProducerEndsTheStreamBehindWhatItHadSent() throws Exception {
        inflow.attach(first.received(watermark(1)));
        inflow.cut(0);

        inflow.producerGone(0);

        List<Buffer> read = new ArrayList<>();
        while (inflow.readOne(stream)) {
            while (stream.hasNext()) {
                read.add(recycled(stream.next()));
            }
        }
        assertThat(read)
                .as("watermark, last watermark, end of data, end of partition")
                .hasSize(4);
        assertThat(read.get(0)).isSameAs(all.get(0));
        assertThat(inflow.ending()).as("nobody waits for an acknowledgement").isNull();
    }

    // ------------------------------------------------------------------ changes of mind

    @Test
    void workOnBehalfOfALinkIsOutdatedByWhateverEndsIt() {
        int atFirst = inflow.version();
        inflow.attach(first);
        inflow.fenced();
        int attached = inflow.version();
        inflow.cut(0);
        int cut = inflow.version();
        inflow.release();
        int released = inflow.version();
        inflow.producerGone(0);

        assertThat(attached).isEqualTo(atFirst);
        assertThat(List.of(attached, cut, released, inflow.version())).doesNotHaveDuplicates();
    }

    @Test
    void greetingMakesTheNextDelayShort() {
        retries.nextDelayMs();
        long second = retries.nextDelayMs();

        inflow.greeted();

        assertThat(retries.nextDelayMs()).isLessThan(second);
    }

    // ------------------------------------------------------------------ the task's answers

    @Test
    void resumeIsForTheLinkWhoseBarrierTheTaskAlignsAndOnlyOnce() throws Exception {
        inflow.attach(first.received(barrier(1)));
        readNext();

        assertThat(inflow.takeBlocked()).isSameAs(first);
        assertThat(inflow.takeBlocked()).isNull();
    }

    @Test
    void linkThatCameLaterIsNotResumedForABarrierOfTheOneBefore() throws Exception {
        inflow.attach(first.received(barrier(1)));
        readNext();

        inflow.cut(0);
        inflow.attach(second);

        assertThat(inflow.takeBlocked()).isNull();
    }

    @Test
    void barrierOfACutLinkBlocksNobody() throws Exception {
        inflow.attach(first.received(barrier(1)));
        inflow.cut(0);
        inflow.attach(second);

        readNext();

        assertThat(inflow.takeBlocked()).isNull();
    }

    @Test
    void producerOfABarrierThatTheTaskDoesNotGetGoesOnOutsideTheLock() throws Exception {
        task.away(true);
        inflow.attach(first.received(barrier(1)));
        inflow.readOne(stream);
        List<String> underTheLock = first.asked();

        runSoon();

        assertThat(underTheLock).isEmpty();
        assertThat(first.asked()).containsExactly("resume");
    }

    @Test
    void acknowledgementIsForTheLinkThatBroughtTheEndOfData() throws Exception {
        inflow.attach(first.received(event(new EndOfData(StopMode.DRAIN))));
        readNext();
        HoldfastLink whileItStands = inflow.ending();

        inflow.cut(0);

        assertThat(whileItStands).isSameAs(first);
        assertThat(inflow.ending()).isNull();
    }

    @Test
    void laterAttemptsEndsAreAnsweredOutsideTheLock() throws Exception {
        inflow.attach(
                first.received(event(new EndOfData(StopMode.DRAIN))).received(event(EndOfPartitionEvent.INSTANCE)));
        readNext();
        readNext();
        boolean ended = inflow.hasEnded();
        inflow.cut(0);
        inflow.attach(
                second.received(event(new EndOfData(StopMode.DRAIN))).received(event(EndOfPartitionEvent.INSTANCE)));
        boolean endedAgain = inflow.hasEnded();
        while (inflow.readOne(stream)) {
            assertThat(second.asked()).isEmpty();
        }

        runSoon();

        assertThat(ended).isTrue();
        assertThat(endedAgain).as("a later link is read until it ends").isFalse();
        assertThat(second.asked()).containsExactly("acknowledge", "close");
        assertThat(inflow.link()).isNull();
    }

    @Test
    void endThatACutLinkHadBroughtDoesNotCloseItsSuccessor() throws Exception {
        inflow.attach(first.received(event(EndOfPartitionEvent.INSTANCE)));
        readNext();
        inflow.cut(0);
        inflow.attach(second.received(event(EndOfPartitionEvent.INSTANCE)));
        inflow.cut(1);
        FakeLink third = new FakeLink();
        inflow.attach(third);
        while (inflow.readOne(stream)) {
            runSoon();
        }

        assertThat(third.asked()).isEmpty();
        assertThat(inflow.link()).isSameAs(third);
    }

    @Test
    void closingALinkLateDoesNotTouchItsSuccessor() throws Exception {
        inflow.attach(first.received(event(EndOfPartitionEvent.INSTANCE)));
        readNext();
        inflow.closeSoon();
        inflow.cut(0);
        inflow.attach(second);
        int version = inflow.version();

        runSoon();

        assertThat(first.asked()).containsExactly("close");
        assertThat(inflow.link()).isSameAs(second);
        assertThat(inflow.version()).isEqualTo(version);
    }

    // ------------------------------------------------------------------ vocabulary

    /** Reads until there is something for the task, and takes it. */
    private Buffer readNext() throws IOException {
        while (!stream.hasNext()) {
            assertThat(inflow.readOne(stream)).as("something to read").isTrue();
        }
        return recycled(stream.next());
    }

    private boolean isFromALink(Buffer buffer) {
        return all.stream().anyMatch(known -> known == buffer); // equality would read what was given back
    }

    private static Buffer recycled(Buffer buffer) {
        buffer.recycleBuffer();
        return buffer;
    }

    private void runSoon() {
        while (!soon.isEmpty()) {
            soon.remove().run();
        }
    }

    private Buffer watermark(long timestamp) {
        return known(StreamElements.watermark(timestamp));
    }

    private Buffer idle() {
        return known(StreamElements.idle());
    }

    private Buffer barrier(long id) throws IOException {
        return event(new CheckpointBarrier(
                id,
                0,
                CheckpointOptions.alignedNoTimeout(
                        CheckpointType.CHECKPOINT, CheckpointStorageLocationReference.getDefault())));
    }

    private Buffer event(AbstractEvent event) throws IOException {
        return known(EventSerializer.toBuffer(event, false));
    }

    private Buffer known(Buffer buffer) {
        all.add(buffer);
        return buffer;
    }
}
