package io.holdfast.resize;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.resize.agent.AgentClient;
import io.holdfast.resize.agent.AgentLoader;
import io.holdfast.resize.agent.Attaching;
import io.holdfast.resize.apply.StepRunner;
import io.holdfast.resize.observe.ContainerMemory;
import io.holdfast.resize.plan.MemoryPlanner;
import io.holdfast.resize.plan.NetworkPolicy;
import io.holdfast.resize.plan.Rules;
import io.holdfast.resize.plan.Step;
import io.holdfast.resize.plan.World.Failure;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class ResizeLoopTest {
    @TempDir
    private Path directory;

    @Test
    void errorThatEndsItIsToldToWhoeverEndsTheProcess() throws Exception {
        CountDownLatch died = new CountDownLatch(1);
        AgentClient broken = new AgentClient(() -> {
            throw new NoClassDefFoundError("lost");
        });
        try (ResizeLoop loop = loop(broken, died)) {
            loop.start();

            assertThat(died.await(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void errorInAStepIsAFailureOfTheStep() {
        StepRunner runner = new StepRunner(
                new AgentClient(() -> {
                    throw new NoClassDefFoundError("lost");
                }),
                Optional::empty,
                Optional.empty());

        assertThat(runner.run(new Step.Trim(), Duration.ofSeconds(1)))
                .hasValueSatisfying(failure -> assertThat(failure.kind()).isEqualTo(Failure.Kind.OTHER));
    }

    private ResizeLoop loop(AgentClient agent, CountDownLatch died) {
        Path proc = directory.resolve("proc");
        Rules rules = new Rules(
                0,
                0,
                OptionalLong.empty(),
                OptionalLong.empty(),
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                Duration.ZERO,
                Duration.ofSeconds(1));
        return new ResizeLoop(
                agent,
                new Attaching(directory.resolve("agent.sock"), new AgentLoader(proc), proc, System::nanoTime, false),
                new ContainerMemory(Optional.of(directory.resolve("none")), proc, System::nanoTime, () -> {}),
                Optional.empty(),
                new StepRunner(agent, Optional::empty, Optional.empty()),
                new ResizeSettings(
                        rules,
                        new MemoryPlanner(OptionalLong.empty(), OptionalLong.empty(), NetworkPolicy.NEVER),
                        Duration.ofMillis(100)),
                Optional.empty(),
                new Reporter(new ResizeMetrics(new SimpleMeterRegistry()), new History(), Optional.empty()),
                System::nanoTime,
                died::countDown);
    }
}
