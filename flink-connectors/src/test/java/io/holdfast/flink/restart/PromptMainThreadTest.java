package io.holdfast.flink.restart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.runtime.concurrent.ManuallyTriggeredComponentMainThreadExecutor;
import org.junit.jupiter.api.Test;

class PromptMainThreadTest {

    private final List<String> done = new ArrayList<>();
    private final ManuallyTriggeredComponentMainThreadExecutor stock =
            new ManuallyTriggeredComponentMainThreadExecutor(Thread.currentThread());
    private final PromptMainThread mainThread = new PromptMainThread(stock);

    @Test
    void workWaitsItsTurn() {
        mainThread.execute(() -> done.add("work"));

        assertThat(done).isEmpty();
        stock.triggerAll();
        assertThat(done).containsExactly("work");
    }

    @Test
    void workIsDoneInPlaceWhilePromptIsAskedFor() {
        mainThread.execute(() -> done.add("earlier"));

        mainThread.promptly(() -> {
            mainThread.execute(() -> done.add("prompt"));
            done.add("caller goes on");
        });
        mainThread.execute(() -> done.add("later"));

        assertThat(done).containsExactly("prompt", "caller goes on");
        stock.triggerAll();
        assertThat(done).containsExactly("prompt", "caller goes on", "earlier", "later");
    }

    @Test
    void workOfOtherThreadsWaitsItsTurnEvenThen() {
        mainThread.promptly(() -> {
            Thread other = new Thread(() -> mainThread.execute(() -> done.add("other")));
            other.start();
            try {
                other.join();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });

        assertThat(done).isEmpty();
    }

    @Test
    void promptnessEndsWithAFailure() {
        assertThatThrownBy(() -> mainThread.promptly(() -> {
                    throw new IllegalStateException("broken on purpose");
                }))
                .hasMessage("broken on purpose");

        mainThread.execute(() -> done.add("later"));

        assertThat(done).isEmpty();
    }
}
