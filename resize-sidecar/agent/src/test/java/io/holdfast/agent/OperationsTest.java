package io.holdfast.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.agent.control.Answer;
import io.holdfast.agent.report.AgentLog;
import io.holdfast.agent.report.ErrorCode;
import java.util.List;
import java.util.Map;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class OperationsTest {
    private final BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();

    @Test
    void operationThatCannotBeStartedLeavesTheAgentFree() {
        FailingThread thread = new FailingThread();
        Operations operations = new Operations(thread, new AgentLog());
        assertThatThrownBy(() -> operations.submit("live", Map::of, answers::add))
                .isInstanceOf(OutOfMemoryError.class);
        assertThat(operations.running()).isNull();
        thread.broken = false;

        operations.submit("live", () -> Map.of("key", 1), answers::add);

        assertThat(answers.poll()).isEqualTo(Answer.ok(Map.of("key", 1)));
        assertThat(operations.running()).isNull();
    }

    @Test
    void errorIsAnAnswerAndTheNextOperationRuns() throws InterruptedException {
        Operations operations = new Operations(new AgentLog());
        try {
            for (Error error : List.of(new OutOfMemoryError("for the test"), new StackOverflowError())) {
                operations.submit(
                        "live",
                        () -> {
                            throw error;
                        },
                        answers::add);
                assertThat(next().error()).isEqualTo(ErrorCode.FAILED);
            }
            operations.submit("live", Map::of, answers::add);
            assertThat(next()).isEqualTo(Answer.ok(Map.of()));
        } finally {
            operations.end();
        }
    }

    private Answer next() throws InterruptedException {
        Answer answer = answers.poll(10, TimeUnit.SECONDS);
        assertThat(answer).isNotNull();
        return answer;
    }

    /** Has no memory to start anything, until it is mended. */
    private static final class FailingThread extends AbstractExecutorService {
        private boolean broken = true;

        @Override
        public void execute(Runnable work) {
            if (broken) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            work.run();
        }

        @Override
        public void shutdown() {}

        @Override
        public List<Runnable> shutdownNow() {
            return List.of();
        }

        @Override
        public boolean isShutdown() {
            return false;
        }

        @Override
        public boolean isTerminated() {
            return false;
        }

        @Override
        public boolean awaitTermination(long timeout, TimeUnit unit) {
            return true;
        }
    }
}
