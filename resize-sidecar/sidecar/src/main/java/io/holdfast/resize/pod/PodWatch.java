package io.holdfast.resize.pod;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.holdfast.kubernetes.ObjectWatch;
import io.holdfast.resize.plan.World;
import java.util.Optional;
import java.util.OptionalLong;

/** Keeps an eye on what this pod asks for. */
public final class PodWatch implements AutoCloseable {
    private final OwnPod pod;
    private final Runnable changed;
    private final ObjectWatch watch;
    private volatile Optional<PodState> state = Optional.empty();

    /** @param changed called, in another thread, as soon as the pod may ask for something else */
    public PodWatch(OwnPod pod, Runnable changed) {
        this.pod = pod;
        this.changed = changed;
        this.watch = new ObjectWatch(
                pod.object(),
                new ObjectWatch.Follower() {
                    @Override
                    public void seen(GenericKubernetesResource object) {
                        publish(PodState.of(object, PodWatch.this.pod.container()));
                    }

                    @Override
                    public void lost() {
                        state = Optional.empty();
                    }
                },
                "only the limit is followed");
    }

    public void start() {
        watch.start();
    }

    /** What the pod asks for; empty while that is not known. Any thread. */
    public Optional<World.Pod> pod() {
        return state.map(known -> new World.Pod(
                known.limitBytes(),
                known.requestBytes().isPresent()
                        ? OptionalLong.of(known.requestBytes().get())
                        : OptionalLong.empty(),
                known.condition()));
    }

    /** The pod's unique id, which events refer to. */
    Optional<String> uid() {
        return state.map(PodState::uid);
    }

    private void publish(PodState next) {
        if (!Optional.of(next).equals(state)) {
            state = Optional.of(next);
            changed.run();
        }
    }

    @Override
    public void close() {
        watch.close();
    }
}
