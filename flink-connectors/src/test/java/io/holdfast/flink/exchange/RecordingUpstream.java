package io.holdfast.flink.exchange;

import java.util.ArrayList;
import java.util.List;

/** Remembers what a stream said to its upstream. */
final class RecordingUpstream implements ConsumedStream.Upstream {

    private final List<String> said = new ArrayList<>();

    /** What was said since this was last asked. */
    List<String> said() {
        List<String> all = List.copyOf(said);
        said.clear();
        return all;
    }

    @Override
    public void greeted() {
        said.add("greeted");
    }

    @Override
    public void barrierPassed(boolean waits) {
        said.add(waits ? "barrier passed, waiting" : "barrier passed");
    }

    @Override
    public void resumeSoon() {
        said.add("resume");
    }

    @Override
    public void endOfDataPassed() {
        said.add("end of data passed");
    }

    @Override
    public void acknowledgeSoon() {
        said.add("acknowledge");
    }

    @Override
    public void endOfPartitionPassed() {
        said.add("end of partition passed");
    }

    @Override
    public void closeSoon() {
        said.add("close");
    }
}
