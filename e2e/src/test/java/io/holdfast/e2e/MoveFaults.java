package io.holdfast.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.benchmarks.job.NumbersJob;
import io.holdfast.benchmarks.job.RunDirectory;
import io.holdfast.testing.Eventually;
import io.holdfast.testing.FlinkProcess;
import io.holdfast.testing.FlinkProcessesBuilder;
import io.holdfast.testing.Moves.Move;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A move is brought to a certain step, where it stands still, and then something is done to it. It stands still because a
 * gate in the job is closed, or because a process that would have to answer is stopped.
 */
abstract class MoveFaults extends MovingCluster {

    /** It stands still for a part of this, and must not give up meanwhile. */
    private static final Duration ENOUGH = Duration.ofSeconds(20);

    private static final Duration LITTLE = Duration.ofSeconds(5);

    /** Where a move stands. */
    enum Step {
        /** There is no slot that it could have. */
        RESERVING,
        /** The map's class is being loaded on the target. */
        WARMING,
        /** The source has not answered yet. */
        ARMING,
        /** Only the sink elsewhere has not acknowledged the checkpoint: the tasks to move are frozen. */
        CHECKPOINTING,
        /** The checkpoint has completed; the source has not said yet that it stands there. */
        VERIFYING,
        /** The target has not got the tasks yet. */
        SWITCHING,
        /** The tasks are on the target, and about to begin. */
        RESTORING,
        /** They run; no checkpoint has completed since. */
        COMPLETED;

        boolean canBeUndone() {
            return compareTo(SWITCHING) < 0;
        }

        boolean hasTarget() {
            return this != RESERVING;
        }
    }

    /** What is done then. */
    enum Act {
        CANCEL,
        KILL_SOURCE,
        KILL_TARGET,
        KILL_JOB_MANAGER
    }

    /** Who has which part in it. */
    private static final class Scene {
        private final String source;
        private final String witness;
        private final Set<String> free;
        private final Map<String, Integer> attempts;
        private String target = "";
        private String move = "";

        Scene(List<String> used, Set<String> free, Map<String, Integer> attempts) {
            this.source = used.get(0);
            this.witness = used.get(1);
            this.free = free;
            this.attempts = attempts;
        }
    }

    private final List<FlinkProcess> stopped = new ArrayList<>();

    MoveFaults(String flinkMinor) {
        super(flinkMinor);
    }

    @Override
    void configure(FlinkProcessesBuilder builder) {
        builder.highAvailability();
    }

    /** Does {@code act} when a move is at {@code step}, and looks whether it ends as it should. */
    void strike(Step step, Act act) {
        prove(act + " when " + step, () -> {
            Scene scene = new Scene(used(), free(), job().attempts());
            reach(step, scene);
            switch (act) {
                case CANCEL -> cancel(step, scene);
                case KILL_SOURCE -> killSource(step, scene);
                case KILL_TARGET -> killTarget(scene);
                case KILL_JOB_MANAGER -> killJobManager(scene);
            }
            if (act != Act.KILL_JOB_MANAGER && (!step.canBeUndone() || act == Act.KILL_TARGET)) {
                goAway(scene.source);
            }
            return act == Act.KILL_SOURCE && step.canBeUndone()
                    ? Cost.OF_A_RESTART
                    : act == Act.KILL_TARGET && step == Step.COMPLETED ? Cost.REPETITION : Cost.NONE;
        });
    }

    // ------------------------------------------------------------------ until it stands still

    private void reach(Step step, Scene scene) throws IOException {
        switch (step) {
            case RESERVING -> {
                List<String> all = new ArrayList<>(scene.free);
                all.add(scene.source);
                scene.move = moves().start(all, LITTLE, Duration.ZERO, "nobody can have the tasks")
                        .id();
                awaitState(scene.move, "RESERVING");
            }
            case WARMING -> warming(scene);
            case ARMING -> { // it has begun: who is stopped cannot hear that the one before was undone
                warming(scene);
                stop(scene.source);
                job().run().gates().openAll();
                awaitState(scene.move, "ARMING");
            }
            case CHECKPOINTING -> checkpointing(scene);
            case VERIFYING -> {
                checkpointing(scene);
                long last = completed();
                stop(scene.source);
                job().run().gates().openAll();
                Eventually.until(PATIENCE, () -> assertThat(completed()).isGreaterThan(last));
                awaitState(scene.move, "CHECKPOINTING");
            }
            case SWITCHING -> {
                checkpointing(scene);
                stop(scene.target);
                job().run().gates().openAll();
                awaitState(scene.move, "SWITCHING");
            }
            case RESTORING -> restoring(scene, OPERATORS);
            case COMPLETED -> {
                List<String> gates = restoring(scene, List.of(NumbersJob.MAP));
                long last = completed();
                job().run().gates().close(snapshotOf(scene.witness));
                job().run().gates().open(gates.get(0));
                awaitState(scene.move, "COMPLETED");
                assertThat(completed()).isEqualTo(last);
            }
        }
    }

    private void warming(Scene scene) throws IOException {
        job().run().gates().close(RunDirectory.LOADING);
        begin(scene);
        scene.target = awaitTarget(scene.free);
        awaitWaiting(scene, List.of(RunDirectory.LOADING));
        awaitState(scene.move, "RESERVING");
    }

    private void checkpointing(Scene scene) throws IOException {
        String gate = snapshotOf(scene.witness);
        job().run().gates().close(gate);
        begin(scene);
        awaitCheckpointWithout(gate, scene.move);
        scene.target = awaitTarget(scene.free);
    }

    private List<String> restoring(Scene scene, List<String> operators) throws IOException {
        List<String> gates = operators.stream()
                .map(operator -> RunDirectory.opening(operator, job().subtaskOn(scene.source, operator)))
                .toList();
        for (String gate : gates) {
            job().run().gates().close(gate);
        }
        begin(scene);
        awaitState(scene.move, "SWITCHING");
        scene.target = awaitTarget(scene.free);
        awaitWaiting(scene, gates);
        awaitState(scene.move, "SWITCHING");
        return gates;
    }

    private void awaitWaiting(Scene scene, List<String> gates) {
        long target = flink().taskManager(scene.target).pid();
        Eventually.until(PATIENCE, () -> {
            for (String gate : gates) {
                assertThat(job().run().gates().waiting(gate)).containsExactly(target);
            }
        });
    }

    private void begin(Scene scene) {
        scene.move = moves().start(scene.source, ENOUGH, "the test wants it").id();
    }

    private void stop(String taskManager) {
        FlinkProcess process = flink().taskManager(taskManager);
        process.stop();
        stopped.add(process);
    }

    @Override
    void letGo() throws IOException {
        stopped.stream().filter(FlinkProcess::isAlive).forEach(FlinkProcess::cont);
        stopped.clear();
        super.letGo();
    }

    // ------------------------------------------------------------------ what is done

    private void cancel(Step step, Scene scene) throws IOException {
        assertThat(moves().cancel(scene.move)).as("cancelled").isEqualTo(step.canBeUndone());
        letGo();
        Move move = ended(scene);
        if (step.canBeUndone()) {
            assertThat(move.state()).isEqualTo("CANCELLED");
            assertThat(job().attempts()).isEqualTo(scene.attempts);
        } else {
            assertHandedOver(move, scene.source);
        }
    }

    private void killSource(Step step, Scene scene) throws IOException {
        die(scene.source);
        letGo();
        Move move = ended(scene);
        if (step.canBeUndone()) {
            assertThat(move.state()).as(move.json().toString()).isEqualTo("COMPLETED");
            assertThat(move.subtasks()).isEmpty();
        } else {
            assertHandedOver(move, scene.source);
        }
    }

    private void killTarget(Scene scene) throws IOException {
        die(scene.target);
        letGo();
        assertHandedOver(ended(scene), scene.source);
    }

    private void killJobManager(Scene scene) throws IOException {
        flink().jobManager().kill();
        letGo();
        anotherJobManager();
        Eventually.until(PATIENCE, this::assertAllRun);
        assertThat(moves().find(scene.move)).isEmpty();
        assertThat(flink().rest().checkpoints(job().id()).restored()).isEqualTo(1);
    }

    private Move ended(Scene scene) {
        return moves().awaitEnd(scene.move, PATIENCE);
    }
}
