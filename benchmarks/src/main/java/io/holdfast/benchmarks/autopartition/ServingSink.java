package io.holdfast.benchmarks.autopartition;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.api.java.tuple.Tuple3;

/**
 * The receivers. Each serves one record after the other and sleeps meanwhile, as if it waited for an answer. What it
 * served of a window, while that was measured, it writes when the window is over; what is left of its records it serves
 * all the same, at its usual speed, which is all that is known of it.
 */
final class ServingSink implements Sink<Tuple3<Long, Long, byte[]>> {

    private static final long serialVersionUID = 1L;

    private static final long LOOK_MILLIS = 50;

    private final String directory;

    ServingSink(ServingRun run) {
        directory = run.path().toString();
    }

    @Override
    public SinkWriter<Tuple3<Long, Long, byte[]>> createWriter(WriterInitContext context) throws IOException {
        return new Receiver(
                new ServingRun(Path.of(directory)),
                context.getTaskInfo().getIndexOfThisSubtask(),
                context.getProcessingTimeService());
    }

    /** Task thread. */
    private static final class Receiver implements SinkWriter<Tuple3<Long, Long, byte[]>> {

        private final ServingRun run;
        private final int number;
        private final ProcessingTimeService timer;
        private final WindowFile file;
        private final Scenario scenario;
        private final Service service;
        private Window window;
        private Stalls stalls = Stalls.NONE;
        private WindowResult result;

        Receiver(ServingRun run, int number, ProcessingTimeService timer) throws IOException {
            this.run = run;
            this.number = number;
            this.timer = timer;
            file = run.window();
            scenario = run.settings().scenario();
            service = new Service(scenario.serviceNanos(number));
            look(0);
        }

        @Override
        public void write(Tuple3<Long, Long, byte[]> record, Context context) throws IOException {
            if (window == null || window.number() != record.f0) {
                enter();
            }
            service.delay(stalls.endNanos(number, service.begin(System.nanoTime())));
            long now = System.nanoTime();
            while (service.dueNanos() - now > 0) {
                LockSupport.parkNanos(service.dueNanos() - now);
                now = System.nanoTime();
            }
            service.ended(now);
            if (window != null && window.number() == record.f0) {
                result.got(record.f1);
                if (window.isMeasured(now)) {
                    result.served(now - record.f1);
                }
            }
        }

        /** Leaves a window that is over, with its result, and enters the one that is open. */
        private void enter() throws IOException {
            Window now = file.current(window);
            if (now == window) {
                return;
            }
            if (window != null) {
                result.write(run.result(window.number(), number));
            }
            window = now;
            if (window != null) {
                stalls = scenario.stalls(window);
                result = new WindowResult();
            }
        }

        private void look(long ignored) throws IOException {
            enter();
            timer.registerTimer(timer.getCurrentProcessingTime() + LOOK_MILLIS, this::look);
        }

        @Override
        public void flush(boolean endOfInput) {}

        @Override
        public void close() {}
    }
}
